// Writes pairs.tsv.gz: filters with the SQL that React Query Builder makes of them, and own.tsv.gz: filters with operators that only we have. The
// same every time. README.md says how to run it; nothing but refreshing the pairs needs npm.
import { formatQuery } from '@react-querybuilder/core';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

let seed = 20260101;
const random = () => {  // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const one = (list) => list[below(list.length)];
const some = (list, most) => Array.from({ length: 1 + below(most) }, () => one(list));

// Values that the table's rows hold (table.sql), and some that none does.
const words = ['ann', 'Ann', 'bob', 'Bob', 'carl', 'Émile', 'eva', 'o\'neil', 'straße', 'Zoë', 'zz top', 'a', 'B', '10', '9', 'x-y', '日本', ''];
const parts = ['a', 'b', 'n', 'o', 'O', '\'', 'ß', 'é', ' ', 'ob', 'top', 'zz', '本', '1'];
const integers = [-5, -1, 0, 1, 2, 3, 7, 42, 1000];
const decimals = [-2.5, -1, 0, 0.1, 0.25, 1, 1.5, 2.75, 19.99, 42, 1000.001];
const moneys = ['-1.50', '0', '0.10', '1.50', '19.99', '1000'];
const codes = ['ab', 'abc', 'b', 'zz', 'ABC', 'x y'];
const moods = ['low', 'mid', 'high', 'Top'];
const dates = ['1999-12-31', '2024-02-29', '2025-01-01', '2026-03-29', '2026-12-31'];
const stamps = ['1999-12-31T23:59:59', '2024-02-29T00:00:00', '2025-01-01T12:30:00', '2026-03-29T02:30:00', '2026-12-31T08:00:00.5'];
const instants = ['1999-12-31T23:59:59Z', '2024-02-29T00:00:00+07:00', '2025-01-01T12:30:00Z', '2026-03-29T01:30:00Z', '2026-12-31T08:00:00-05:00'];
const uuids = ['00000000-0000-0000-0000-000000000001', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ffffffff-ffff-4fff-8fff-ffffffffffff'];
const spans = ['1 hour', '90 minutes', '1 day', '-2 days', '1 month'];
const addresses = ['10.0.0.1', '10.0.0.0/8', '192.168.1.7', '::1'];

const presence = ['null', 'notNull'];
const equality = ['=', '!=', 'in', 'notIn'];
const order = ['<', '>', '<=', '>=', 'between', 'notBetween'];
const substring = ['contains', 'beginsWith', 'endsWith', 'doesNotContain', 'doesNotBeginWith', 'doesNotEndWith'];
const all = [...presence, ...equality, ...order];
const number = { inputType: 'number' };
const columns = {
  i2: { values: integers, operators: all, like: ['i4', 'n', 'i8'], ...number },
  i4: { values: integers, operators: all, like: ['i2', 'i8', 'n', 'f8'], ...number },
  i8: { values: integers, operators: all, like: ['i4', 'n'], ...number },
  n: { values: decimals, operators: all, like: ['i4', 'n2', 'f8'], ...number },
  n2: { values: decimals, operators: all, like: ['n'], ...number },
  f8: { values: decimals, operators: all, like: ['n', 'i4'], ...number },
  b: { values: [true, false], operators: [...presence, '=', '!=', '<', '>='], like: ['b2'] },
  b2: { values: [true, false], operators: [...presence, '=', '!='], like: ['b'] },
  t: { values: words, parts, operators: [...all, ...substring], like: ['v'] },
  v: { values: words, parts, operators: [...all, ...substring], like: ['t'] },
  tc: { values: words, parts, operators: [...all, ...substring], like: ['tc2'] },
  tc2: { values: words, parts, operators: [...all, ...substring], like: ['tc'] },
  tx: { values: words, parts, operators: [...all, ...substring] },
  ci: { values: words, parts, operators: [...all, ...substring], like: ['ci2'] },
  ci2: { values: words, parts, operators: [...all, ...substring], like: ['ci'] },
  bp: { values: codes, parts: ['a', 'b', 'x', 'zz'], operators: [...all, 'contains', 'beginsWith', 'doesNotContain'] },
  m: { values: moneys, operators: all, like: ['m2'] },
  m2: { values: moneys, operators: all, like: ['m'] },
  e: { values: moods, operators: all, like: ['e2'] },
  e2: { values: moods, operators: all, like: ['e'] },
  d: { values: dates, operators: all, like: ['ts'] },
  ts: { values: stamps, operators: all, like: ['d', 'ts2'] },
  ts2: { values: stamps, operators: all, like: ['ts'] },
  tz: { values: instants, operators: all, like: ['tz2'] },
  tz2: { values: instants, operators: all, like: ['tz'] },
  u: { values: uuids, operators: all, like: ['u2'] },
  u2: { values: uuids, operators: all, like: ['u'] },
  iv: { values: spans, operators: all },
  ip: { values: addresses, operators: all },
  ta: { operators: presence },
  ia: { operators: presence },
  j: { operators: presence },
};
const names = Object.keys(columns);
const field = (name) => `contact.${name}`;
const plural = (operator) => /^(in|notIn)$/.test(operator);
const bounds = (operator) => /etween$/.test(operator);

// The bounds of numbers in order: the query builder would swap them.
const range = (column) => {
  const pair = [one(column.values), one(column.values)];
  return column.inputType ? pair.sort((a, b) => a - b) : pair;
};
const listed = (values) => (random() < 0.3 && values.every((v) => !/[,\s]|^$/.test(String(v))) ? values.join(random() < 0.5 ? ',' : ', ') : values);
const byField = (column, operator) => {
  const others = bounds(operator) ? [one(column.like), one(column.like)] : plural(operator) ? some(column.like, 2) : [one(column.like)];
  return { value: bounds(operator) || plural(operator) ? others.map(field) : field(others[0]), valueSource: 'field' };
};
const literal = (column, operator) => {
  if (substring.includes(operator)) return { value: one(column.parts) };
  if (bounds(operator)) return { value: listed(range(column).map((v) => (v === '' ? 'a' : v))) };
  if (plural(operator)) return { value: listed(some(column.values, 3)) };
  const value = one(column.values);
  // An empty text is a value with = and != only.
  if (value === '' && !equality.includes(operator)) return { value: 'm' };
  return { value: typeof value === 'number' && random() < 0.2 ? String(value) : value };
};
const rule = () => {
  const name = one(names), column = columns[name], operator = one(column.operators);
  const head = { field: field(name), operator };
  if (presence.includes(operator)) return { ...head, value: random() < 0.5 ? null : '' };
  return { ...head, ...(column.like && random() < 0.15 ? byField(column, operator) : literal(column, operator)) };
};
const group = (depth, makeRule) => {
  const rules = Array.from({ length: 1 + below(depth === 0 ? 4 : 3) }, () => (depth < 2 && random() < 0.25 ? group(depth + 1, makeRule) : makeRule()));
  if (random() < 0.05) rules.push({ ...makeRule(), muted: true });
  return { combinator: one(['and', 'or']), ...(random() < 0.2 ? { not: true } : {}), rules };
};

const ages = ['1 hour', '3 days', '1 month 2 days', '2 years'];
const paths = { 'j.a': ['x', 'Xy', 1, 2.5, true, ''], 'j.b.c': ['x', 3, false], 'j.l.0': ['p', 1], 'j.l': ['p', 'q', 1, true], j: ['x', 1] };
const own = () => {
  const kind = below(7);
  if (kind === 0) return { field: field(one(['d', 'ts', 'tz'])), operator: one(['withinLast', 'olderThan']), value: one(ages.slice(1)) };
  if (kind === 1) return { field: field('ta'), operator: one(['contains', 'doesNotContain']), value: one(['a', 'b', 'it\'s', 'none']) };
  if (kind === 2) return { field: field('ta'), operator: one(['containsAny', 'containsAll']), value: some(['a', 'b', 'c', 'none'], 3) };
  if (kind === 3) return { field: field('ia'), operator: one(['containsAny', 'containsAll', '=', '!=']), value: some([1, 2, 3], 3) };
  if (kind === 4) return { field: field(one(['t', 'ci', 'bp', 'j.a'])), operator: 'matches', value: one(['^a', 'b$', '[0-9]+', '^$', '(ann|bob)']) };
  const name = one(Object.keys(paths));
  const operator = one(['=', '!=', 'in', 'notIn', 'null', 'notNull', 'contains', 'doesNotContain', 'beginsWith', 'containsAny', '<', '>=', 'between']);
  const head = { field: field(name), operator };
  if (presence.includes(operator)) return head;
  if (plural(operator)) return { ...head, value: some(paths[name], 3) };
  if (operator === 'containsAny') return { ...head, value: some(paths[name].filter((v) => v !== ''), 3) };
  if (operator === 'between') return { ...head, value: [1, one([2, 3])] };
  if (operator === '<' || operator === '>=') return { ...head, value: one([1, 2, 2.5]) };
  if (operator === 'beginsWith' || /ontain/.test(operator)) return { ...head, value: one(['x', 'X', 'p', 'y']) };
  return { ...head, value: one(paths[name]) };
};

const options = {
  format: 'sql', preset: 'postgresql', fieldIdentifierSeparator: '.', parseNumbers: 'strict-limited',
  fields: names.map((name) => ({ name: field(name), label: name, inputType: columns[name].inputType })),
};
const collect = (count, make, sql) => {
  const lines = new Map();
  while (lines.size < count) {
    const filter = make();
    // Rules that are all muted say nothing, and a filter that says nothing is refused.
    lines.set(JSON.stringify(filter), sql(filter));
  }
  return [...lines].map((pair) => pair.map((text) => text.replace(/\\/g, '\\\\')).join('\t') + '\n').join('');
};
const write = (name, text) => writeFileSync(new URL(name, import.meta.url), gzipSync(text, { level: 9 }));
write('pairs.tsv.gz', collect(10000, () => group(0, rule), (filter) => formatQuery(filter, options)));
write('own.tsv.gz', collect(2000, () => group(1, random() < 0.7 ? own : rule), () => ''));

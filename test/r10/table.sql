-- The table that the filters of R10 are about: every type, and nulls in every column but the key.
CREATE SCHEMA r10;
CREATE TYPE r10.mood AS ENUM ('low', 'Top', 'mid', 'high');
CREATE TABLE r10.rows (
  id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, n numeric(12,3), n2 numeric, f8 double precision, b boolean, b2 boolean, t text, v varchar(20),
  tc text COLLATE "C", tc2 varchar(30) COLLATE "C", tx text COLLATE "en-x-icu", ci public.citext, ci2 public.citext, bp char(5), m money, m2 money,
  e r10.mood, e2 r10.mood, d date, ts timestamp, ts2 timestamp(0), tz timestamptz, tz2 timestamptz, u uuid, u2 uuid, iv interval, ip inet,
  ta text[], ia int[], j jsonb);
-- One of the values, or none: by numbers that have nothing to do with each other, so that columns differ.
CREATE FUNCTION pg_temp.pick(nth int, col int, VARIADIC list text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN h % 6 <> 0 THEN list[1 + (h / 6) % cardinality(list)] END FROM (SELECT abs(hashtext(nth || '/' || col)::bigint) AS h) s $$;
INSERT INTO r10.rows
SELECT r, pg_temp.pick(r, 1, VARIADIC ints)::smallint, pg_temp.pick(r, 2, VARIADIC ints)::int, pg_temp.pick(r, 3, VARIADIC ints)::bigint, pg_temp.pick(r, 4, VARIADIC decs)::numeric, pg_temp.pick(r, 5, VARIADIC decs)::numeric,
  pg_temp.pick(r, 6, VARIADIC decs)::double precision, pg_temp.pick(r, 7, 't', 'f')::boolean, pg_temp.pick(r, 8, 't', 'f')::boolean, pg_temp.pick(r, 9, VARIADIC words), pg_temp.pick(r, 10, VARIADIC words),
  pg_temp.pick(r, 11, VARIADIC words), pg_temp.pick(r, 12, VARIADIC words), pg_temp.pick(r, 13, VARIADIC words), pg_temp.pick(r, 14, VARIADIC plain)::public.citext, pg_temp.pick(r, 15, VARIADIC plain)::public.citext,
  pg_temp.pick(r, 16, 'ab', 'abc', 'b', 'zz', 'ABC', 'x y'), pg_temp.pick(r, 17, '-1.50', '0', '0.10', '1.50', '19.99', '1000')::money, pg_temp.pick(r, 18, '-1.50', '0', '0.10', '1.50', '19.99')::money,
  pg_temp.pick(r, 19, 'low', 'mid', 'high', 'Top')::r10.mood, pg_temp.pick(r, 20, 'low', 'mid', 'high', 'Top')::r10.mood,
  pg_temp.pick(r, 21, '1999-12-31', '2024-02-29', '2025-01-01', '2026-03-29', '2026-12-31')::date,
  pg_temp.pick(r, 22, '1999-12-31 23:59:59', '2024-02-29', '2025-01-01 12:30', '2026-03-29 02:30', '2026-12-31 08:00:00.5')::timestamp,
  pg_temp.pick(r, 23, '1999-12-31 23:59:59', '2024-02-29', '2025-01-01 12:30', '2026-03-29')::timestamp,
  pg_temp.pick(r, 24, '1999-12-31 23:59:59Z', '2024-02-29 00:00+07', '2025-01-01 12:30Z', '2026-03-29 01:30Z', '2026-12-31 13:00Z')::timestamptz,
  pg_temp.pick(r, 25, '1999-12-31 23:59:59Z', '2024-02-29 00:00+07', '2025-01-01 12:30Z')::timestamptz,
  pg_temp.pick(r, 26, VARIADIC ids)::uuid, pg_temp.pick(r, 27, VARIADIC ids)::uuid, pg_temp.pick(r, 28, '1 hour', '90 minutes', '1 day', '-2 days', '30 days')::interval,
  pg_temp.pick(r, 29, '10.0.0.1', '10.0.0.0/8', '192.168.1.7', '::1')::inet, pg_temp.pick(r, 30, '{}', '{a}', '{a,b}', '{b,NULL}', '{it''s,c}')::text[],
  pg_temp.pick(r, 31, '{}', '{1}', '{1,2}', '{3,NULL}', '{2,1}')::int[],
  pg_temp.pick(r, 32, '{}', '{"a": "x"}', '{"a": "Xy", "b": {"c": 3}}', '{"a": 1, "l": ["p", 1]}', '{"a": 2.50, "b": {"c": "x"}, "l": []}', '{"a": true, "l": ["q", true, ["p"]]}', '{"a": null, "b": null}', '"x"',
       '1', '["x", "p"]', '{"a": "", "b": {"c": false}, "l": [1.0]}')::jsonb
FROM generate_series(1, 80) r,
  (SELECT '{-5,-1,0,1,2,3,7,42,1000}'::text[] AS ints, '{-2.5,-1,0,0.1,0.25,1,1.5,2.75,19.99,42,1000.001}'::text[] AS decs,
          ARRAY['ann', 'Ann', 'bob', 'Bob', 'carl', 'Émile', 'eva', 'o''neil', 'straße', 'Zoë', 'zz top', 'a', 'B', '10', '9', 'x-y', '日本', ''] AS words,
          ARRAY['ann', 'Ann', 'bob', 'Bob', 'carl', 'eva', 'o''neil', 'zz top', 'a', 'B', '10', '9', 'x-y', ''] AS plain,
          '{00000000-0000-0000-0000-000000000001,a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,ffffffff-ffff-4fff-8fff-ffffffffffff}'::text[] AS ids) lists;

-- Conditions whose rules the server decides: when they are asked, about what, with whose rights; names beyond the rows; and the functions that take a
-- filter by itself. (What every operator means is R10's and the core's tests' to show.)
BEGIN;
SELECT plan(51);
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
CREATE SCHEMA cond;
SET LOCAL search_path = cond, public;
CREATE TYPE mood AS ENUM ('low', 'mid', 'high');
CREATE TABLE contacts (id int PRIMARY KEY, name text COLLATE "C", nick citext, code char(5), fee money, mood mood, points int, data jsonb, tags text[]);
CREATE TABLE orders (id int PRIMARY KEY, contact_id int, ref text COLLATE "C", total numeric);
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"]}');
CREATE ROLE wf_cond_author;
CREATE ROLE wf_cond_blind;
GRANT USAGE ON SCHEMA workflow, cond TO wf_cond_author, wf_cond_blind;
GRANT EXECUTE ON FUNCTION workflow.create_workflow(text, jsonb, text), workflow.publish(text, text, text), workflow.validate(jsonb),
  workflow.matching_rows(jsonb, regclass) TO wf_cond_author, wf_cond_blind;
GRANT SELECT ON contacts, orders TO wf_cond_author;
CREATE FUNCTION cond.is_vip(points int) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT points >= 100 AND current_user = 'wf_cond_author' $$;

CREATE FUNCTION pg_temp.publish(name text, filter jsonb, event text = 'contact.created', steps jsonb = '[{"id": "stay", "type": "wait", "for": "1 day"}]',
                                settings jsonb = '{}') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('on', event, 'filter', filter))),
                                                            'settings', settings, 'steps', steps));
  RETURN workflow.publish(name);
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.publish(text, jsonb, text, jsonb, jsonb) TO PUBLIC;
CREATE FUNCTION pg_temp.rule(field text, operator text, value jsonb) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('field', field, 'operator', operator, 'value', value) $$;
CREATE FUNCTION pg_temp.entered(name text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(string_agg(entry_key, ',' ORDER BY entry_key), '') FROM workflow.enrollments WHERE workflow = name $$;
CREATE FUNCTION pg_temp.tick(hours numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(timestamptz '2031-03-03 10:00Z' + hours * interval '1 hour') $$;
-- Captures what this transaction has changed so far, and reads none of it.
CREATE FUNCTION pg_temp.capture() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.halt();
  PERFORM workflow.tick('2031-03-03 10:00Z');
  PERFORM workflow.resume_all();
END $$;
CREATE FUNCTION pg_temp.problems(filter jsonb, event text = 'contact.created') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s: %s', severity, substr(path, 19), message), E'\n' ORDER BY path, message) FROM workflow.validate(jsonb_build_object(
    'triggers', jsonb_build_array(jsonb_build_object('on', event, 'filter', filter)), 'steps', '[{"type": "stop"}]'::jsonb)) $$;
GRANT EXECUTE ON FUNCTION pg_temp.problems(jsonb, text) TO PUBLIC;

-- Triggers' filters
SELECT pg_temp.tick(0);
SELECT pg_temp.publish('order of texts', pg_temp.rule('contact.name', '<', '"a"'));
SELECT pg_temp.publish('order of citexts', pg_temp.rule('contact.nick', 'between', '["b", "c"]'));
SELECT pg_temp.publish('padded', pg_temp.rule('contact.code', '=', '"ab"'));
SELECT pg_temp.publish('money', pg_temp.rule('contact.fee', '>', '10'));
SELECT pg_temp.publish('enum', pg_temp.rule('contact.mood', '>', '"low"'));
SELECT pg_temp.publish('pattern', pg_temp.rule('contact.nick', 'matches', '"^b.*b$"'));
SELECT pg_temp.publish('pattern in json', pg_temp.rule('contact.data.a.b', 'matches', '"^x"'));
SELECT pg_temp.publish('not', jsonb_build_object('combinator', 'and', 'not', true, 'rules', jsonb_build_array(pg_temp.rule('contact.name', '<', '"a"'))));
SELECT pg_temp.publish('either', jsonb_build_object('combinator', 'or', 'rules', jsonb_build_array(pg_temp.rule('contact.points', '=', '7'), pg_temp.rule('contact.name', '>', '"x"'))));
SELECT pg_temp.publish('other row', pg_temp.rule('contact.name', '<', '"a"'), 'order.created');
SELECT pg_temp.publish('two rows', '{"field": "order.ref", "operator": "<", "valueSource": "field", "value": "contact.name"}', 'order.created');
INSERT INTO contacts VALUES (1, 'Ann', 'Bob', 'ab', '12.50', 'high', 7, '{"a": {"b": "xy"}}'), (2, 'ann', 'carl', 'abc', '9', 'low', 1, '{"a": {"b": 1}}'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (4, 'Zoe', 'bb', 'b', '10', 'mid', 0, '{}');
SELECT pg_temp.capture();
-- The events' row is seen as it was written, the contact of an order as it is.
UPDATE contacts SET name = lower(name) WHERE id IN (1, 4);
INSERT INTO orders VALUES (11, 1, 'Z', 1), (12, 2, 'a', 1), (13, 3, 'a', 1);
UPDATE contacts SET name = 'Zzz' WHERE id = 2;
SELECT pg_temp.tick(1);
SELECT is(pg_temp.entered('order of texts'), '1,4', 'definition: texts are in the order of the column''s collation, of the row as it was written');
SELECT is(pg_temp.entered('order of citexts'), '1,4', 'definition: citexts in their own');
SELECT is(pg_temp.entered('padded'), '1', 'definition: blanks that fill a text up do not count');
SELECT is(pg_temp.entered('money'), '1', 'definition: types of the server');
SELECT is(pg_temp.entered('enum'), '1,4', 'definition: enums in the order of their labels');
SELECT is(pg_temp.entered('pattern'), '1,4', 'definition: matches, on citext without regard to case');
SELECT is(pg_temp.entered('pattern in json'), '1', 'definition: matches inside of json, where there is a text');
SELECT is(pg_temp.entered('not'), '2', 'definition: not of an answer; of no answer it is none');
SELECT is(pg_temp.entered('either'), '1', 'definition: an answer beside what the row alone tells');
SELECT is(pg_temp.entered('other row'), '12', 'definition: other rows are as they are after commit');
SELECT is(pg_temp.entered('two rows'), '11', 'definition: fields of two entities');
SELECT is((SELECT string_agg(row_key, ',' ORDER BY row_key) FROM workflow.refusals WHERE workflow = 'order of texts' AND reason = 'filter'), '2', 'semantics 5: what the server says no to is recorded; what is empty never got that far');

-- {"sql"}
SELECT is(pg_temp.problems('{"sql": "contact.points > 5"}'), 'error /sql: a workflow of superuser "postgres" must not contain "sql"', 'semantics 30: a superuser''s workflow has no sql');
SET LOCAL SESSION AUTHORIZATION wf_cond_author;
SELECT is(pg_temp.problems('{"sql": "contact.points > 5"}'), NULL, 'definition: sql names columns of the contact');
SELECT is(pg_temp.problems(sql), said, 'definition: sql is checked: ' || coalesce(sql ->> 'sql', '')) FROM (VALUES
  ('{"sql": "contact.poins > 5"}'::jsonb, 'error /sql: column contact.poins does not exist'), ('{"sql": "contact.points"}', 'error /sql: the expression is not boolean'),
  ('{"sql": "true; DROP TABLE contacts"}', 'error /sql: syntax error at or near ";"'), ('{"sql": "true) OR (true"}', 'error /sql: syntax error at or near ")"'),
  ('{"sql": "true, false"}', 'error /sql: this is not one expression'), ('{"sql": "true FROM contacts"}', 'error /sql: this is not one expression'),
  ('{"sql": "$1 IS NULL"}', 'error /sql: an expression of a condition has no parameters'), ('{"sql": "\"order\".total > 1"}', 'error /sql: missing FROM-clause entry for table "order"')) v(sql, said);
SELECT is((SELECT hint FROM workflow.validate('{"triggers": [{"on": "order.created", "filter": {"sql": "order.total > 1"}}], "steps": [{"type": "stop"}]}')),
          '"order" is a word of SQL: write "order".… in double quotes.', 'definition: and says how a word of SQL is written');
SELECT pg_temp.publish('sql', '{"sql": "contact.points > 5 AND \"order\".total >= 2 -- and no more"}', 'order.created');
SELECT pg_temp.publish('sql by path', '{"sql": "is_vip(contact.points)"}');
SELECT pg_temp.publish('sql that fails', '{"sql": "100 / contact.points > 0"}');
SELECT pg_temp.publish('everybody', '{"sql": "true"}');
SET LOCAL SESSION AUTHORIZATION wf_cond_blind;
SELECT is(pg_temp.problems('{"sql": "contact.points > 5"}'), 'error /sql: permission denied for table contacts', 'semantics 30: with the rights of its owner');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT search_path FROM workflow.version v JOIN workflow.workflow w ON w.id = v.workflow WHERE w.name = 'sql by path'), 'cond, public', 'architecture: the search_path at publishing is kept');
SET LOCAL search_path = public;
INSERT INTO cond.contacts (id, points) VALUES (21, 1), (22, 0), (23, 200);
INSERT INTO cond.orders VALUES (31, 1, 'x', 2), (32, 1, 'x', 1), (33, 21, 'x', 2);
SELECT pg_temp.tick(2);
SET LOCAL search_path = cond, public;
SELECT is(pg_temp.entered('sql'), '31', 'definition: an expression over two rows decides');
SELECT is(pg_temp.entered('sql by path'), '23', 'definition: by the search_path of publishing, as the owner');
SELECT is(pg_temp.entered('sql that fails'), '21', 'semantics 28: an error in one row''s rule leaves the others alone');
SELECT is((SELECT string_agg(DISTINCT sqlstate, ',') FROM workflow.errors WHERE event_id IS NOT NULL), '22012', 'semantics 28: and is recorded');
SELECT is(pg_temp.entered('everybody'), '21,22,23', 'semantics 28: nor does it keep other workflows from the same event');
SELECT is((SELECT string_agg(row_key || ' ' || detail, ',' ORDER BY row_key) FROM workflow.refusals WHERE workflow = 'sql that fails' AND detail <> ''), '22 division by zero,23 sql (100 / contact.points > 0) is false',
  'semantics 5: the refusal says why');

-- Steps
SELECT pg_temp.publish('steps', NULL, 'order.created', '[
  {"id": "a", "type": "tag", "if": {"field": "contact.name", "operator": "<", "value": "a"}, "add": ["capital"]},
  {"id": "b", "type": "branch", "branches": [
    {"name": "late", "if": [{"field": "contact.tags", "operator": "contains", "value": "capital"}, {"field": "contact.name", "operator": "matches", "value": "^Z"}], "steps": [{"id": "b1", "type": "stop", "reason": "Z"}]},
    {"name": "next", "if": {"field": "contact.name", "operator": ">", "value": "n"}, "steps": [{"id": "b2", "type": "stop", "reason": "n"}]}],
   "else": [{"id": "b3", "type": "stop", "reason": "else"}]}]');
UPDATE contacts SET name = v.name, tags = NULL FROM (VALUES (1, 'Zed'), (2, 'ann'), (3, NULL), (4, 'nils')) v(id, name) WHERE contacts.id = v.id;
INSERT INTO orders SELECT 40 + n, n, 'x', 0 FROM generate_series(1, 4) n;
SELECT pg_temp.tick(3);
SELECT is((SELECT string_agg(contact_key || ' ' || detail, ', ' ORDER BY contact_key) FROM workflow.history WHERE workflow = 'steps' AND what = 'branch'),
          '1 late, 2 else, 3 else, 4 next', 'definition: conditions of steps are asked as the steps are taken');
SELECT is((SELECT string_agg(id::text, ',') FROM contacts WHERE tags IS NOT NULL), '1', 'definition: a step''s own filter too');
SET LOCAL SESSION AUTHORIZATION wf_cond_author;
SELECT pg_temp.publish('sql in steps', NULL, 'order.created', '[{"id": "w", "type": "wait", "for": "1 hour"},
  {"id": "i", "type": "if", "if": {"sql": "\"order\".total / contact.points > 0 AND event.name = ''order.created''"}, "then": [{"id": "y", "type": "stop", "reason": "yes"}], "else": []}]',
  '{"on_error": {"retry": 0}}');
RESET SESSION AUTHORIZATION;
INSERT INTO orders VALUES (51, 1, 'x', 1), (52, 22, 'x', 1), (53, 2, 'x', 1);
SELECT pg_temp.tick(4);
SELECT pg_temp.tick(5);
SELECT is((SELECT string_agg(entry_key || ' ' || reason, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'sql in steps'),
          '51 stopped, 52 error, 53 stopped', 'semantics 28: an error of one enrollment''s condition is its own');

-- Other names
SELECT workflow.set_account('', '{"timezone": "Asia/Jakarta", "data": {"plan": "pro", "limit": 5}}');
SELECT pg_temp.publish('account', '[{"field": "account.data.plan", "operator": "=", "value": "pro"}, {"field": "contact.points", "operator": ">", "valueSource": "field", "value": "account.data.limit"},
  {"field": "account.timezone", "operator": "=", "value": "Asia/Jakarta"}]', 'contact.created', '[{"id": "m", "type": "send", "channel": "note", "body": "{{ account.data.plan }}/{{ account.timezone }}"}]');
SELECT pg_temp.publish('first', pg_temp.rule('contact.points', '>', '0'), 'contact.created');
SELECT pg_temp.publish('inside', pg_temp.rule('workflow.first.active', '=', 'true'), 'order.created');
SELECT pg_temp.publish('outside', pg_temp.rule('workflow.first.active', '=', 'false'), 'order.created', '[{"id": "w", "type": "wait", "for": "2 days"},
  {"id": "i", "type": "if", "if": {"field": "workflow.first.active", "operator": "=", "value": true}, "then": [{"id": "y", "type": "stop", "reason": "in"}], "else": [{"id": "n", "type": "stop", "reason": "out"}]}]');
INSERT INTO contacts (id, points) VALUES (61, 6), (62, 0), (63, 5);
INSERT INTO orders VALUES (71, 61, 'x', 0), (72, 62, 'x', 0);
SELECT pg_temp.tick(10);
SELECT is(pg_temp.entered('account'), '61', 'definition: account.* in conditions');
SELECT is((SELECT string_agg(body, ',') FROM workflow.outbox WHERE workflow = 'account'), 'pro/Asia/Jakarta', 'definition: and in texts');
SELECT is(pg_temp.entered('inside'), '71', 'definition: workflow.<name>.active, of who has entered it in the same round');
SELECT is(pg_temp.entered('outside'), '72', 'definition: and of who has not');
SELECT pg_temp.tick(40);
SELECT pg_temp.tick(70);
SELECT is((SELECT string_agg(entry_key || ' ' || detail, ',') FROM workflow.history h JOIN workflow.enrollments e USING (enrollment) WHERE e.workflow = 'outside' AND h.what = 'branch'), '72 else', 'definition: in steps');
INSERT INTO orders VALUES (73, 61, 'x', 0);
SELECT pg_temp.tick(71);
SELECT is(pg_temp.entered('inside'), '71', 'definition: not of who has left it');
SELECT is(pg_temp.problems(pg_temp.rule('workflow.frist.active', '=', 'true')), 'warning /field: there is no workflow "frist"', 'definition: a workflow that is not there is warned about');

-- Functions that take a filter
SELECT is(workflow.matches(pg_temp.rule('contact.name', '<', '"a"'), '{"contact": {"name": "Ann"}}'), true, 'functions: matches, by the column''s collation');
SELECT is(workflow.matches(pg_temp.rule('contact.name', '!=', '"a"'), '{"contact": {}}'), NULL, 'functions: null is neither');
SELECT is(workflow.matches('[{"field": "order.total", "operator": "changedTo", "value": 5}, {"field": "event.data.x", "operator": "=", "value": "y"}]',
  '{"order.total": 5, "old": {"total": 4}, "event": {"data": {"x": "y"}}}'), true, 'functions: a record nested or flat, with its change');
SELECT throws_ok($$ SELECT workflow.matches('{"field": "contact.points", "operator": "=", "value": 1}', '{"contact": {"points": "many"}}') $$, '22023',
  'the record''s value of "contact.points" is no integer', 'functions: a record''s value of another type is an error');
SELECT results_eq($$ SELECT path, value, outcome FROM workflow.explain_filter('{"combinator": "or", "rules": [{"field": "contact.name", "operator": "<", "value": "a"},
  {"combinator": "and", "rules": [{"field": "contact.points", "operator": ">", "value": 5}, {"field": "contact.mood", "operator": "=", "value": "low"}]}]}', '{"contact": {"name": "Ann", "points": 3}}') $$,
  $$ VALUES ('/rules/0'::text, '"Ann"'::jsonb, 'true'::text), ('/rules/1/rules/0', '3', 'false'), ('/rules/1/rules/1', 'null', 'null') $$, 'functions: explain_filter tells of every rule');
CREATE FUNCTION pg_temp.ids(filter jsonb, source regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  ids text;
BEGIN
  EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id) FROM %s x WHERE %s', source, workflow.filter_to_sql(filter, source)) INTO ids;
  RETURN ids;
END $$;
SELECT is(pg_temp.ids('[{"field": "contact.points", "operator": ">=", "value": 6}, {"field": "order.total", "operator": ">", "value": 0}]', 'orders'), '11,31,32,51',
  'functions: filter_to_sql looks the contact up');
SELECT throws_ok($$ SELECT workflow.filter_to_sql('{"field": "order.total", "operator": "changed"}', 'orders') $$, 'WF001', NULL, 'functions: what a row does not tell has no SQL');
SELECT throws_ok($$ SELECT workflow.filter_to_sql('{"field": "contact.points", "operator": "=", "value": 1}', 'pg_class') $$, 'WF006', NULL, 'functions: nor has a table that is not attached');
CREATE INDEX totals ON orders (total);
INSERT INTO orders (id, total) SELECT n, n FROM generate_series(1000, 3000) n;
ANALYZE orders;
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT ok(EXISTS (SELECT FROM pg_temp.plan('SELECT * FROM orders WHERE ' || workflow.filter_to_sql('{"field": "order.total", "operator": "in", "value": [5, 1500]}', 'orders')) p WHERE p LIKE '%Index%totals%'),
  'functions: the table''s indexes serve it');
SET LOCAL SESSION AUTHORIZATION wf_cond_blind;
SELECT throws_ok($$ SELECT workflow.matching_rows('{"field": "contact.points", "operator": "=", "value": 1}', 'cond.contacts') $$, '42501', NULL, 'functions: matching_rows reads as its caller');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;

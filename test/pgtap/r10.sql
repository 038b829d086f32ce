-- R10: filters mean the same to the evaluator, as our SQL, and as the SQL that React Query Builder makes of them, on rows with nulls and every type.
-- The pairs are kept in test/r10, whose README says how they were made and what they leave out.
BEGIN;
SELECT plan(13);
SET LOCAL client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
\ir ../r10/table.sql
SELECT FROM workflow.attach('r10.rows', '{"entity": "contact"}');
CREATE TEMP TABLE pair (id int GENERATED ALWAYS AS IDENTITY, filter jsonb, sql text);
\copy pair (filter, sql) FROM PROGRAM 'gzip -dc ../r10/pairs.tsv.gz'
CREATE TEMP TABLE own (LIKE pair INCLUDING IDENTITY);
\copy own (filter, sql) FROM PROGRAM 'gzip -dc ../r10/own.tsv.gz'
-- The columns and values of a row as the SQL of either side names them.
CREATE FUNCTION pg_temp.ids(condition text) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
  found int[];
BEGIN
  EXECUTE 'SELECT coalesce(array_agg(id ORDER BY id), ''{}'') FROM r10.rows AS contact WHERE ' || condition INTO found;
  RETURN found;
END $$;
CREATE FUNCTION pg_temp.evaluated(filter jsonb) RETURNS int[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(key::int ORDER BY key::int), '{}') FROM workflow.matching_rows(filter, 'r10.rows') key $$;

CREATE TEMP TABLE answer AS
SELECT p.*, pg_temp.evaluated(filter) AS ours, workflow.filter_to_sql(filter, 'r10.rows') AS our_sql FROM pair p;
CREATE TEMP TABLE compared AS SELECT a.*, pg_temp.ids(sql) AS theirs, pg_temp.ids(our_sql) AS by_sql FROM answer a;
SELECT is(count(*), 10000::bigint, 'R10: 10,000 filters') FROM compared;
SELECT is_empty('SELECT filter, sql, theirs, ours FROM compared WHERE theirs <> ours', 'R10: the evaluator and React Query Builder agree on every row');
SELECT is_empty('SELECT filter, our_sql, by_sql, ours FROM compared WHERE by_sql <> ours', 'R10: the evaluator and filter_to_sql agree on every row');
SELECT cmp_ok(count(*) FILTER (WHERE cardinality(ours) BETWEEN 1 AND 79), '>', 7000::bigint, 'R10: most filters tell rows apart') FROM compared;
SELECT is((SELECT count(DISTINCT r ->> 'operator') FROM compared, jsonb_path_query(filter, 'strict $.**?(exists(@.operator))') r), 18::bigint, 'R10: all operators');

CREATE TEMP TABLE own_compared AS
SELECT o.filter, pg_temp.evaluated(filter) AS ours, pg_temp.ids(workflow.filter_to_sql(filter, 'r10.rows')) AS by_sql FROM own o;
SELECT is(count(*), 2000::bigint, 'R10: 2,000 filters with operators of our own') FROM own_compared;
SELECT is_empty('SELECT filter, by_sql, ours FROM own_compared WHERE by_sql <> ours', 'R10: the evaluator and filter_to_sql agree on our own operators');
SELECT cmp_ok(count(*) FILTER (WHERE cardinality(ours) BETWEEN 1 AND 79), '>', 1000::bigint, 'R10: most of them tell rows apart') FROM own_compared;

-- A record in json is the row it was made of.
SELECT is_empty($$
  SELECT c.filter, r.id FROM compared c, r10.rows r
   WHERE c.id % 250 = 0 AND coalesce(workflow.matches(c.filter, jsonb_build_object('contact', to_jsonb(r))), false) <> (r.id = ANY (c.ours)) $$,
  'R10: matches() says of a record what is said of its row');
SELECT is_empty($$
  SELECT c.filter, r.id FROM own_compared c, r10.rows r
   WHERE hashtext(c.filter::text) % 50 = 0 AND coalesce(workflow.matches(c.filter, jsonb_build_object('contact', to_jsonb(r))), false) <> (r.id = ANY (c.ours)) $$,
  'R10: also for our own operators');

-- A filter that is not finished is refused, where React Query Builder makes a condition of it that is true for everybody, or says nothing.
CREATE TEMP TABLE unfinished (filter jsonb);
INSERT INTO unfinished VALUES
  ('{"combinator": "and", "rules": []}'), ('[]'), ('{"combinator": "and", "rules": [{"combinator": "or", "rules": []}]}'),
  ('{"field": "contact.t", "operator": "="}'), ('{"field": "contact.t", "operator": "contains", "value": ""}'),
  ('{"field": "~", "operator": "=", "value": 1}'), ('{"field": "contact.t", "operator": "~", "value": "a"}'),
  ('{"field": "contact.i4", "operator": "=", "value": ""}'), ('{"field": "contact.i4", "operator": "=", "value": null}'),
  ('{"field": "contact.t", "operator": "in", "value": []}'), ('{"field": "contact.t", "operator": "in", "value": " , "}'),
  ('{"field": "contact.n", "operator": "between", "value": [1]}'), ('{"field": "contact.n", "operator": "between", "value": "1,"}'),
  ('{"field": "contact.n", "operator": "between", "value": ["", 2]}'), ('{"field": "contact.t", "operator": "<", "value": ""}'),
  ('{"field": "contact.t", "operator": "matches", "value": ""}'), ('{"field": "contact.t", "operator": "=", "value": "", "valueSource": "field"}'),
  ('{"combinator": "and", "rules": [{"field": "contact.t", "operator": "null", "muted": true}]}'), ('{"sql": " "}');
CREATE FUNCTION pg_temp.state(call text, filter jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE call USING filter;
  RETURN 'none';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT is_empty($$ SELECT filter FROM unfinished WHERE pg_temp.state('SELECT workflow.matches($1, ''{}'')', filter) <> 'WF001' $$, 'R10: unfinished rules are refused by matches()');
SELECT is_empty($$ SELECT filter FROM unfinished WHERE pg_temp.state('SELECT workflow.filter_to_sql($1, ''r10.rows'')', filter) <> 'WF001' $$, 'R10: and by filter_to_sql()');
SELECT is_empty($$ SELECT filter FROM unfinished WHERE NOT EXISTS (SELECT FROM workflow.validate(jsonb_build_object('triggers',
  jsonb_build_array(jsonb_build_object('on', 'contact.created', 'filter', filter)), 'steps', '[{"type": "stop"}]'::jsonb)) v WHERE v.severity = 'error'
  AND v.path LIKE '/triggers/0/filter%') $$, 'R10: and when a workflow is validated');
SELECT * FROM finish();
ROLLBACK;

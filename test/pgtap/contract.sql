-- The functions and views that callers and senders go by: names, arguments with their defaults, results, and that PUBLIC has none of them.
BEGIN;
SELECT plan(10);

CREATE TEMP TABLE promised (name text COLLATE "C", arguments text COLLATE "C", result text COLLATE "C");
INSERT INTO promised VALUES
  ('ack', 'token uuid, ids bigint[] DEFAULT NULL::bigint[]', 'bigint'),
  ('adopt', '', 'jsonb'),
  ('approve', 'task bigint, comment text DEFAULT NULL::text', 'uuid'),
  ('archive', 'name text, force boolean DEFAULT false, account text DEFAULT NULL::text', 'void'),
  ('attach', 'source regclass, binding jsonb, dry_run boolean DEFAULT false, OUT binding jsonb, OUT findings jsonb', 'record'),
  ('claim', 'channel text, qty integer DEFAULT 10, lease interval DEFAULT ''00:01:00''::interval, ack_token uuid DEFAULT NULL::uuid', 'SETOF workflow.claimed'),
  ('complete_task', 'task bigint, comment text DEFAULT NULL::text', 'uuid'),
  ('create_workflow', 'name text, definition jsonb, account text DEFAULT NULL::text', 'integer'),
  ('detach', 'source regclass', 'void'),
  ('doctor', '', 'TABLE(name text, state text, detail text, repair text)'),
  ('emit', 'event text, contact text, data jsonb DEFAULT ''{}''::jsonb, event_id text DEFAULT NULL::text, at timestamp with time zone DEFAULT now(), account text DEFAULT NULL::text', 'uuid'),
  ('enroll', 'name text, contact text, data jsonb DEFAULT ''{}''::jsonb, event_id text DEFAULT NULL::text, account text DEFAULT NULL::text', 'uuid'),
  ('extend', 'token uuid, by_interval interval', 'timestamp with time zone'),
  ('forget', 'contact text, dry_run boolean DEFAULT true, account text DEFAULT NULL::text', 'jsonb'),
  ('grant_access', 'role name, level text, account text DEFAULT NULL::text', 'void'),
  ('halt', '', 'void'),
  ('maintain', '', 'jsonb'),
  ('merge_contacts', 'contact text, into_contact text, account text DEFAULT NULL::text', 'uuid'),
  ('nack', 'token uuid, id bigint, reason text, retry_after interval DEFAULT NULL::interval, permanent boolean DEFAULT false', 'text'),
  ('pause', 'name text, account text DEFAULT NULL::text', 'void'),
  ('publish', 'name text, comment text DEFAULT NULL::text, account text DEFAULT NULL::text', 'integer'),
  ('put_template', 'name text, channel text, subject text, body text, locale text DEFAULT NULL::text, data jsonb DEFAULT NULL::jsonb, account text DEFAULT NULL::text', 'integer'),
  ('receipt', 'id bigint, kind text, at timestamp with time zone DEFAULT now(), data jsonb DEFAULT ''{}''::jsonb, receipt_id text DEFAULT NULL::text', 'uuid'),
  ('reconcile', 'source regclass, since timestamp with time zone', 'bigint'),
  ('reject', 'task bigint, comment text DEFAULT NULL::text', 'uuid'),
  ('render', 'template text, data jsonb', 'text'),
  ('reply', 'channel text, address text, at timestamp with time zone DEFAULT now(), data jsonb DEFAULT ''{}''::jsonb, message bigint DEFAULT NULL::bigint, account text DEFAULT NULL::text', 'uuid'),
  ('result', 'event uuid', 'jsonb'),
  ('resume', 'name text, mode text DEFAULT NULL::text, account text DEFAULT NULL::text', 'void'),
  ('resume_all', '', 'void'),
  ('retry', 'enrollment uuid', 'uuid'),
  ('revoke_access', 'role name, level text DEFAULT NULL::text, account text DEFAULT NULL::text', 'void'),
  ('save_draft', 'name text, definition jsonb, account text DEFAULT NULL::text', 'integer'),
  ('schema', 'which text DEFAULT ''definition''::text', 'jsonb'),
  ('set_account', 'account text, settings jsonb', 'void'),
  ('suppress', 'address text DEFAULT NULL::text, contact text DEFAULT NULL::text, channel text DEFAULT NULL::text, reason text DEFAULT NULL::text, account text DEFAULT NULL::text', 'void'),
  ('set_webhook_secret', 'secret text, workflow text DEFAULT NULL::text, account text DEFAULT NULL::text', 'void'),
  ('tick', 'as_of timestamp with time zone DEFAULT NULL::timestamp with time zone, max_steps integer DEFAULT NULL::integer, OUT busy boolean, OUT events integer, OUT steps integer, OUT messages integer, OUT errors integer', 'record'),
  ('unenroll', 'name text, contact text, comment text DEFAULT NULL::text, account text DEFAULT NULL::text', 'uuid'),
  ('uninstall', '', 'void'),
  ('unsuppress', 'address text DEFAULT NULL::text, contact text DEFAULT NULL::text, channel text DEFAULT NULL::text, account text DEFAULT NULL::text', 'bigint'),
  ('validate', 'definition jsonb, OUT severity text, OUT path text, OUT message text, OUT hint text', 'SETOF record');

CREATE TEMP VIEW ours AS
  SELECT p.oid, p.oid::regprocedure::text AS signature, p.proname::text COLLATE "C" AS name,
         pg_get_function_arguments(p.oid) COLLATE "C" AS arguments, pg_get_function_result(p.oid) COLLATE "C" AS result, p.prosecdef, p.proconfig, p.prorettype
    FROM pg_proc p WHERE p.pronamespace = 'workflow'::regnamespace;

SELECT results_eq('SELECT name, arguments, result FROM ours JOIN promised USING (name, arguments, result) ORDER BY 1, 2',
                  'SELECT name, arguments, result FROM promised ORDER BY 1, 2', 'every promised function is there as it was promised');
-- simulate() takes a workflow's name or a definition; an unknown literal is a name there, or a definition by its brace.
SELECT is_empty($$ SELECT name FROM ours WHERE name <> 'simulate' GROUP BY name HAVING count(*) > 1 $$, 'no name is overloaded, so calls by position and by name are never ambiguous');
SELECT is_empty($$ SELECT signature FROM ours WHERE has_function_privilege('public', oid, 'EXECUTE') $$, 'D26: PUBLIC may execute none');
SELECT is_empty($$ SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind IN ('r', 'v', 'p')
                      AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') $$, 'D26: nor touch a table or view');
SELECT ok(NOT has_schema_privilege('public', 'workflow', 'USAGE, CREATE'), 'D26: nor use the schema');
SELECT is_empty($$ SELECT signature FROM ours WHERE prosecdef AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false) $$,
                'every function with the extension''s rights has a search_path that nobody else can fill');
SELECT is_empty($$ SELECT signature FROM ours WHERE obj_description(oid, 'pg_proc') IS NULL $$, 'D29: every function says what it does');
SELECT is_empty($$ SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' AND obj_description(c.oid, 'pg_class') IS NULL $$,
                'D29: every view does');
SELECT is_empty($$ SELECT unnest('{workflows,versions,enrollments,waiting,outbox,refusals,errors,history,sources,status,tasks,subscriptions,stuck,audit,suppressions,accesses}'::text[])
                   EXCEPT SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' $$, 'the views are there');
SELECT hasnt_column('workflow', 'outbox', 'token', 'the view shows no token');

SELECT * FROM finish();
ROLLBACK;

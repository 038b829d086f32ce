-- R7, semantics 30: each level tries what it may not; injected names; search paths of somebody else.
BEGIN;
SELECT plan(79);
SET LOCAL client_min_messages = error;

CREATE ROLE rights_viewer; CREATE ROLE rights_operator; CREATE ROLE rights_author; CREATE ROLE rights_sender; CREATE ROLE rights_admin;
CREATE ROLE rights_acme; CREATE ROLE rights_both; CREATE ROLE rights_none; CREATE ROLE "rights""; DROP TABLE x; --";
GRANT USAGE ON SCHEMA public TO PUBLIC;
CREATE TABLE rights_contacts (id int PRIMARY KEY, org text, email text);
INSERT INTO rights_contacts VALUES (1, 'acme', 'a@x.test'), (2, 'beta', 'b@x.test');
SELECT FROM workflow.attach('rights_contacts', '{"entity": "contact", "account": "org"}');
CREATE FUNCTION pg_temp.as_role(who name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
  EXECUTE format('SET LOCAL ROLE %I', who);
  BEGIN
    EXECUTE statement INTO answer;
  EXCEPTION WHEN OTHERS THEN
    answer := SQLSTATE;
  END;
  RESET ROLE;
  RETURN coalesce(answer, 'ok');
END $$;
SELECT workflow.create_workflow('acme flow', '{"triggers": [{"on": "manual"}], "steps": [{"id": "a", "type": "send", "channel": "email", "body": "b"}]}', 'acme');
SELECT workflow.create_workflow('beta flow', '{"triggers": [{"on": "manual"}], "steps": [{"id": "a", "type": "send", "channel": "email", "body": "b"}]}', 'beta');
SELECT workflow.create_workflow('all flow', '{"triggers": [{"on": "manual"}], "steps": [{"id": "a", "type": "send", "channel": "email", "body": "b"}]}');
SELECT workflow.publish(w) FROM unnest('{acme flow,beta flow,all flow}'::text[]) w;
SELECT workflow.enroll('acme flow', '1'), workflow.enroll('beta flow', '2');
SELECT FROM workflow.tick('2031-01-06 09:00Z');

SELECT lives_ok($$ SELECT workflow.grant_access('rights_' || l, l) FROM unnest('{viewer,operator,author,sender,admin}'::text[]) l $$, 'R7: five levels');
SELECT workflow.grant_access('rights_acme', 'operator', 'acme'), workflow.grant_access('rights_acme', 'author', 'acme');
SELECT workflow.grant_access('rights_both', 'viewer', 'acme'), workflow.grant_access('rights_both', 'viewer', 'beta');
SELECT throws_ok($$ SELECT workflow.grant_access('rights_viewer', 'owner') $$, '22023', '"owner" is no level of access', 'another level is none');
SELECT throws_ok($$ SELECT workflow.grant_access('nobody at all', 'viewer') $$, '42704', NULL, 'nor another role');
SELECT throws_ok($$ SELECT workflow.grant_access('rights_sender', 'sender', 'acme') $$, '22023', NULL, 'senders serve all accounts');
SELECT throws_ok($$ SELECT workflow.grant_access('public', 'viewer') $$, '42704', NULL, 'semantics 30: PUBLIC gets none');

-- What each level may and may not
CREATE TEMP TABLE tries (what text, statement text, may text[]);
INSERT INTO tries VALUES
  ('looks at workflows', 'SELECT count(*) FROM workflow.workflows', '{viewer,operator,author,admin}'),
  ('looks at messages', 'SELECT count(*) FROM workflow.outbox', '{viewer,operator,author,admin}'),
  ('looks at what is stuck', 'SELECT count(*) FROM workflow.stuck', '{viewer,operator,author,admin}'),
  ('looks at the state of things', 'SELECT count(*) FROM workflow.status', '{viewer,operator,author,admin}'),
  ('looks at the audit', 'SELECT count(*) FROM workflow.audit', '{admin}'),
  ('looks at who may what', 'SELECT count(*) FROM workflow.accesses', '{admin}'),
  ('renders', $$ SELECT workflow.render('x', '{}') $$, '{viewer,operator,author,admin}'),
  ('validates', $$ SELECT count(*) FROM workflow.validate('{}') $$, '{viewer,operator,author,admin}'),
  ('asks for a result', 'SELECT workflow.result(gen_random_uuid()) IS NULL', '{viewer,operator,author,admin}'),
  ('enrolls', $$ SELECT workflow.enroll('all flow', '1') IS NULL $$, '{operator,admin}'),
  ('emits', $$ SELECT workflow.emit('a.b', '1') IS NULL $$, '{operator,admin}'),
  ('suppresses', $$ SELECT workflow.suppress('z@x.test') $$, '{operator,admin}'),
  ('pauses', $$ SELECT workflow.pause('all flow') $$, '{operator,author,admin}'),
  ('drafts', $$ SELECT workflow.save_draft('all flow', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}') IS NULL $$, '{author,admin}'),
  ('writes a template', $$ SELECT workflow.put_template('t', 'email', 's', 'b') IS NULL $$, '{author,admin}'),
  ('claims', $$ SELECT count(*) FROM workflow.claim('none') $$, '{sender,admin}'),
  ('sends a receipt', $$ SELECT workflow.receipt(-1, 'opened') $$, '{sender,admin}'),
  ('halts', 'SELECT workflow.halt()', '{operator,admin}'),
  ('forgets', $$ SELECT workflow.forget('1') IS NULL $$, '{admin}'),
  ('sets an account', $$ SELECT workflow.set_account('acme', '{}') $$, '{admin}'),
  ('gives access', $$ SELECT workflow.grant_access('rights_none', 'admin') $$, '{admin}'),
  ('reads a table of ours', 'SELECT count(*) FROM workflow.enrollment', '{}'),
  ('reads the audit''s table', 'SELECT count(*) FROM workflow.audit_entry', '{}'),
  ('writes a table of ours', 'DELETE FROM workflow.suppression RETURNING 1', '{}'),
  ('appends an event as it likes', $$ SELECT workflow.append_event('o', 'retry', '1', '', NULL, now(), false, '{}') $$, '{}'),
  ('writes into the audit', $$ SELECT workflow.note_audit('x') $$, '{}'),
  ('makes a table', $$ SELECT workflow.make_child('message', 'x', 'id', '1', '2') $$, '{}');
SELECT is((SELECT array_agg(l ORDER BY l COLLATE "C") FROM unnest('{none,admin,author,operator,sender,viewer}'::text[]) l
            WHERE pg_temp.as_role(('rights_' || l)::name, t.statement) <> '42501'),
          nullif((SELECT array_agg(m ORDER BY m COLLATE "C") FROM unnest(t.may) m), '{}'), 'R7: who ' || t.what)
  FROM (SELECT * FROM tries) t;
SELECT workflow.revoke_access('rights_none');

-- Publishing needs the owner's role, whatever the level
CREATE ROLE rights_owner; CREATE ROLE rights_login;
UPDATE workflow.workflow SET owner = 'rights_owner' WHERE name = 'all flow';
SELECT workflow.grant_access('rights_login', 'author');
SELECT workflow.save_draft('all flow', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}');
SET LOCAL SESSION AUTHORIZATION rights_login;
SELECT throws_ok($$ SELECT workflow.publish('all flow') $$, '42501', NULL, 'semantics 30: who may not SET ROLE to the owner does not publish');
RESET SESSION AUTHORIZATION;
GRANT rights_owner TO rights_login;
SET LOCAL SESSION AUTHORIZATION rights_login;
SELECT lives_ok($$ SELECT workflow.publish('all flow') $$, 'semantics 30: who may, does');
RESET SESSION AUTHORIZATION;

-- Accounts
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT string_agg(DISTINCT name, ', ' ORDER BY name) FROM workflow.workflows $$), 'acme flow, all flow', 'semantics 30: definitions of another account are invisible');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT string_agg(DISTINCT account, ', ') FROM workflow.outbox $$), 'acme', 'semantics 30: so are its messages');
-- Every view of a bound role, with something of each account in it.
SELECT workflow.resume_all();
SELECT workflow.put_template('of ' || a, 'email', 's', 'b', account => a) FROM unnest('{acme,beta}'::text[]) a;
SELECT workflow.suppress(contact => '1', account => 'acme'), workflow.suppress(contact => '2', account => 'beta');
INSERT INTO workflow.error (at, enrollment, sqlstate, message) SELECT now(), e.id, '22012', 'x' FROM workflow.enrollment e;
SELECT workflow.enroll('acme flow', '1', event_id => 'a'), workflow.enroll('beta flow', '2', event_id => 'b'), workflow.enroll('acme flow', '1', event_id => 'a'), workflow.enroll('beta flow', '2', event_id => 'b');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
CREATE FUNCTION pg_temp.accounts_in(who name, view text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.as_role(who, format('SELECT string_agg(DISTINCT account, '','' ORDER BY account) FILTER (WHERE account <> '''') FROM workflow.%I', view)) $$;
SELECT is(pg_temp.accounts_in('rights_viewer', v) || ' / ' || pg_temp.accounts_in('rights_acme', v), 'acme,beta / acme', 'semantics 30: what is of another account is not in ' || v)
  FROM unnest('{workflows,versions,enrollments,outbox,refusals,errors,history,templates,suppressions,stat_workflow}'::text[]) v;
SELECT is_empty($$ SELECT l.name FROM workflow.access_list() l JOIN pg_class c ON c.relname = l.name AND c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' WHERE l.bindable
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account') $$, 'semantics 30: no view of a bound role is without accounts');
SELECT is_empty($$ SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'v' AND c.reloptions IS DISTINCT FROM '{security_barrier=true}'
    AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account') $$, 'semantics 30: each is a barrier');
SELECT is_empty($$ SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'workflow'::regnamespace AND has_function_privilege('rights_none', p.oid, 'EXECUTE')
    UNION ALL SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('rights_none', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') $$,
  'semantics 30: PUBLIC may call nothing and look at nothing');
SELECT is(pg_temp.as_role('rights_both', $$ SELECT string_agg(DISTINCT account, ', ' ORDER BY account) FROM workflow.outbox $$), 'acme, beta', 'a role may be bound to several');
SELECT is(pg_temp.as_role('rights_viewer', $$ SELECT string_agg(DISTINCT account, ', ' ORDER BY account) FROM workflow.outbox $$), 'acme, beta', 'one that is bound to none sees all');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.enroll('beta flow', '2', account => 'beta') $$), '42501', 'R7: nor may it be acted on');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.enroll('beta flow', '2') $$), 'WF002', 'R7: it is not there');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.pause('all flow') $$), 'WF002', 'R7: what serves every account is not its own to pause');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.emit('a.b', '2', account => 'beta') $$), '42501', 'R7: nor an event of another account');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.put_template('t', 'email', 's', 'b', account => 'beta') IS NULL $$), '42501', 'R7: nor its templates');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT workflow.put_template('mine', 'email', 's', 'b') $$), '1', 'its own it may write');
SELECT is((SELECT account FROM workflow.template WHERE name = 'mine'), 'acme', 'and they are its account''s, unasked');
SELECT is(pg_temp.as_role('rights_acme', format('SELECT workflow.retry(%L)', (SELECT enrollment FROM workflow.enrollments WHERE workflow = 'beta flow'))), 'P0002', 'R7: an enrollment of another account is not there');
SELECT is(pg_temp.as_role('rights_acme', 'SELECT count(*) FROM workflow.status'), '42501', 'R7: nor what counts over all accounts');
SELECT is(pg_temp.as_role('rights_acme', $$ SELECT count(*) FROM workflow.claim('email') $$), '42501', 'R7: nor the outbox of all');
CREATE FUNCTION public.rights_leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN IF $1 = 'beta' THEN RAISE EXCEPTION 'seen' USING ERRCODE = 'P0099'; END IF; RETURN true; END $$;
SELECT is(pg_temp.as_role('rights_acme', 'SELECT count(*) FROM workflow.outbox WHERE public.rights_leak(account)'), '1', 'R7: no function in a WHERE sees what is hidden');

-- Names that are statements, and somebody else's operators
SELECT lives_ok($$ SELECT workflow.grant_access('rights"; DROP TABLE x; --', 'viewer') $$, 'R7: a role''s name is a name');
SELECT is(pg_temp.as_role('rights"; DROP TABLE x; --', 'SELECT count(*) > 0 FROM workflow.workflows'), 'true', 'and it has its level');
SELECT is(workflow.create_workflow('x''; DROP SCHEMA workflow CASCADE; --', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}', '''); DELETE FROM workflow.version; --'), 1, 'R7: so are those of workflows and accounts');
CREATE SCHEMA rights_evil;
CREATE FUNCTION rights_evil.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil' USING ERRCODE = 'P0098'; END $$;
CREATE OPERATOR rights_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = rights_evil.equal);
CREATE FUNCTION rights_evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil' USING ERRCODE = 'P0098'; END $$;
CREATE FUNCTION rights_evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil' USING ERRCODE = 'P0098'; END $$;
GRANT USAGE ON SCHEMA rights_evil TO PUBLIC;
CREATE FUNCTION pg_temp.in_evil(statement text) RETURNS text LANGUAGE plpgsql SET search_path = rights_evil, pg_catalog, public AS $$
BEGIN
  EXECUTE statement;
  RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.in_evil('SELECT ''a''::text = ''a''::text'), 'P0098', 'somebody else''s operators are in force');
SELECT is(pg_temp.in_evil(s), 'ok', 'R7: nobody''s search_path gets into ' || left(s, 40)) FROM unnest(ARRAY[
  $$ SELECT workflow.enroll('acme flow', '1', account => 'acme') $$, $$ SELECT workflow.suppress('q@x.test') $$, $$ SELECT workflow.unsuppress('q@x.test') $$,
  $$ SELECT workflow.reply('email', 'a@x.test') $$, $$ SELECT workflow.forget('1', account => 'acme') $$, $$ SELECT workflow.grant_access('rights_viewer', 'viewer') $$,
  $$ SELECT workflow.merge_contacts('1', '2', account => 'acme') $$, 'SELECT * FROM workflow.stuck', 'SELECT * FROM workflow.outbox', 'SELECT * FROM workflow.audit']) s;

-- Taking it back, and a later version
SELECT workflow.revoke_access('rights_operator');
SELECT is(pg_temp.as_role('rights_operator', 'SELECT count(*) FROM workflow.workflows'), '42501', 'revoke_access takes it back');
ALTER EXTENSION pg_workflow DROP VIEW workflow.recipes;
DROP VIEW workflow.recipes;
CREATE VIEW workflow.recipes AS SELECT 1 AS n;
SELECT workflow.renew_access();
SELECT is(pg_temp.as_role('rights_viewer', 'SELECT n FROM workflow.recipes'), '1', 'what a later version adds to a level is granted by renew_access');
SELECT is((SELECT count(*) FROM workflow.audit WHERE action IN ('grant_access', 'revoke_access')) > 10, true, 'semantics 32: grants are in the audit');

SELECT * FROM finish();
ROLLBACK;

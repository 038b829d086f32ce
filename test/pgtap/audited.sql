-- semantics 32: every function that changes something by hand writes a line of the audit, and nothing else does; the audit keeps no contents; it leaves by its own setting.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE audited_role;
CREATE TABLE audited_contacts (id int PRIMARY KEY, email text, name text, tags text[], points int DEFAULT 0 CHECK (points < 100), created timestamptz DEFAULT '2031-01-01 00:00Z');
CREATE TABLE audited_extra (id int PRIMARY KEY);
INSERT INTO audited_contacts SELECT n, 'marked' || n || '@x.test' FROM generate_series(1, 5) n;
SELECT FROM workflow.attach('audited_contacts', '{"entity": "contact", "fields": {"tags": "tags"}, "events": {"contact.created": {"at": "created", "once": true}}}');
SELECT workflow.create_workflow('first', '{"triggers": [{"on": "manual"}], "steps": [{"id": "hello", "type": "send", "channel": "email", "body": "marked"}, {"id": "ask", "type": "approve", "title": "marked?"}]}');
SELECT workflow.create_workflow('second', '{"triggers": [{"on": "manual"}], "steps": [{"id": "ask", "type": "approve", "title": "marked"}, {"id": "do", "type": "task", "title": "marked"}]}');
SELECT workflow.create_workflow('bad', '{"triggers": [{"on": "manual"}], "settings": {"on_error": {"retry": 0}}, "steps": [{"type": "set", "contact": {"points": 200}}]}');
SELECT workflow.publish(w) FROM unnest('{first,second,bad}'::text[]) w;
SELECT workflow.enroll(w, '1') FROM unnest('{first,second,bad}'::text[]) w;
SELECT workflow.enroll('second', '2');
CREATE FUNCTION pg_temp.rounds(n integer = 3) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. n LOOP PERFORM workflow.tick('2031-01-06 09:00Z'); END LOOP; END $$;
SELECT pg_temp.rounds();
-- The actions that a statement has written down.
CREATE FUNCTION pg_temp.noted(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  before bigint := (SELECT count(*) FROM workflow.audit_entry);
BEGIN
  BEGIN
    EXECUTE statement;
  EXCEPTION WHEN OTHERS THEN
    RETURN sqlerrm;
  END;
  RETURN (SELECT string_agg(x.action, ',') FROM (SELECT a.action FROM workflow.audit_entry a ORDER BY a.at, a.ctid OFFSET before) x);
END $$;

CREATE TEMP TABLE calls (n serial, name text, statement text, action text);
INSERT INTO calls (name, statement, action) VALUES
  ('attach', $$ SELECT FROM workflow.attach('audited_extra', '{"entity": "extra", "contact": "id"}') $$, 'attach'),
  ('detach', $$ SELECT workflow.detach('audited_extra') $$, 'detach'),
  ('create_workflow', $$ SELECT workflow.create_workflow('third', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop", "reason": "marked"}]}') $$, 'create_workflow'),
  ('save_draft', $$ SELECT workflow.save_draft('first', '{"triggers": [{"on": "manual"}], "steps": [{"id": "ask", "type": "approve", "title": "marked"}]}') $$, 'save_draft'),
  ('publish', $$ SELECT workflow.publish('first', 'marked comment') $$, 'publish'),
  ('put_template', $$ SELECT workflow.put_template('t', 'email', 'marked', 'marked') $$, 'put_template'),
  ('create_automated_action', $$ SELECT workflow.create_automated_action('{"name": "auto", "on": "contact.created", "active_after_days": 1, "active_time": "09:00", "channel": "email", "template": "t"}') $$, 'create_workflow,publish'),
  ('reconcile', $$ SELECT workflow.reconcile('audited_contacts', '2030-01-01 00:00Z') $$, 'reconcile'),
  ('create_from_recipe', $$ SELECT workflow.create_from_recipe((SELECT r.name FROM workflow.recipes r WHERE r.needs IS NULL OR cardinality(r.needs) = 0 ORDER BY 1 LIMIT 1), 'fourth') $$, 'create_workflow,create_from_recipe'),
  ('migrate', $$ SELECT FROM workflow.migrate('first', 1, 2, dry_run => false) $$, 'migrate'),
  ('pause', $$ SELECT workflow.pause('second') $$, 'pause'),
  ('resume', $$ SELECT workflow.resume('second') $$, 'resume'),
  ('archive', $$ SELECT workflow.archive('auto') $$, 'archive'),
  ('drop_workflow', $$ SELECT workflow.drop_workflow('fourth', dry_run => false) $$, 'drop_workflow'),
  ('enroll', $$ SELECT workflow.enroll('first', '3', '{"secret": "marked"}') $$, 'enroll'),
  ('unenroll', $$ SELECT workflow.unenroll('first', '3', 'marked') $$, 'unenroll'),
  ('enroll_existing', $$ SELECT workflow.enroll_existing('first', '{"field": "contact.email", "operator": "contains", "value": "marked"}', dry_run => false) $$, 'enroll_existing'),
  ('stop_enrolling', $$ SELECT workflow.stop_enrolling('first') $$, 'stop_enrolling'),
  ('approve', $$ SELECT workflow.approve((SELECT t.id FROM workflow.tasks t WHERE t.workflow = 'second' AND t.contact_key = '1'), 'marked') $$, 'answer_task'),
  ('reject', $$ SELECT workflow.reject((SELECT t.id FROM workflow.tasks t WHERE t.workflow = 'second' AND t.contact_key = '2'), 'marked') $$, 'answer_task'),
  ('complete_task', $$ SELECT pg_temp.rounds(); SELECT workflow.complete_task((SELECT t.id FROM workflow.tasks t WHERE t.workflow = 'second' AND t.contact_key = '1' AND t.kind = 'task'), 'marked') $$, 'answer_task'),
  ('retry', $$ SELECT workflow.retry(enrollment) FROM workflow.enrollments WHERE workflow = 'bad' $$, 'retry'),
  ('suppress', $$ SELECT workflow.suppress('marked9@x.test', reason => 'marked') $$, 'suppress'),
  ('unsuppress', $$ SELECT workflow.unsuppress('marked9@x.test') $$, 'unsuppress'),
  ('revive', $$ CREATE TEMP TABLE dead AS SELECT pg_temp.dead() AS id; SELECT workflow.revive(id) FROM dead $$, 'revive'),
  ('cancel_messages', $$ SELECT workflow.cancel_messages('{"workflow": "first"}', dry_run => false) $$, 'cancel_messages'),
  ('set_account', $$ SELECT workflow.set_account('acme', '{"sender": {"name": "marked"}}') $$, 'set_account'),
  ('set_cap', $$ SELECT workflow.set_cap('email', 9, '1 day') $$, 'set_cap'),
  ('set_throttle', $$ SELECT workflow.set_throttle('email', 9, '1 minute') $$, 'set_throttle'),
  ('set_webhook_secret', $$ SELECT workflow.set_webhook_secret('whsec_bWFya2VkbWFya2VkbWFya2VkbWFya2Vk', 'first') $$, 'set_webhook_secret'),
  ('set_webhook_secret', $$ SELECT workflow.set_webhook_secret(NULL, 'first') $$, 'set_webhook_secret'),
  ('merge_contacts', $$ SELECT workflow.merge_contacts('4', '5') $$, 'merge_contacts'),
  ('forget', $$ SELECT workflow.forget('5', dry_run => false) $$, 'forget'),
  ('grant_access', $$ SELECT workflow.grant_access('audited_role', 'viewer') $$, 'grant_access'),
  ('revoke_access', $$ SELECT workflow.revoke_access('audited_role') $$, 'revoke_access'),
  ('halt', 'SELECT workflow.halt()', 'halt'),
  ('resume_all', 'SELECT workflow.resume_all()', 'resume_all'),
  ('adopt', 'SELECT workflow.adopt()', 'restore_timers,adopt'),
  ('restore_timers', $$ SELECT workflow.restore_timers() $$, 'restore_timers'),
  ('ensure_event_log', $$ DROP TABLE workflow.event_2; SELECT workflow.ensure_event_log() $$, 'ensure_event_log'),
  -- What only looks, or only counts.
  ('migrate', $$ SELECT FROM workflow.migrate('first', 1, 2) $$, NULL), ('drop_workflow', $$ SELECT workflow.drop_workflow('second') $$, NULL),
  ('enroll_existing', $$ SELECT workflow.enroll_existing('first', '{"field": "contact.email", "operator": "notNull"}') $$, NULL), ('forget', $$ SELECT workflow.forget('1') $$, NULL),
  ('cancel_messages', $$ SELECT workflow.cancel_messages('{"workflow": "first"}') $$, NULL), ('ensure_event_log', 'SELECT workflow.ensure_event_log()', NULL),
  ('attach', $$ SELECT FROM workflow.attach('audited_extra', '{"entity": "extra", "contact": "id"}', true) $$, NULL),
  ('simulate', $$ SELECT FROM workflow.simulate('first', '1') $$, NULL), ('filter_to_sql', $$ SELECT workflow.filter_to_sql('{"field": "contact.id", "operator": "=", "value": 1}', 'audited_contacts') $$, NULL),
  ('matching_rows', $$ SELECT FROM workflow.matching_rows('{"field": "contact.id", "operator": "=", "value": 1}', 'audited_contacts') $$, NULL),
  -- What comes all day, by itself: told elsewhere (the event log, leases, outcomes, receipts, the ledger).
  ('emit', $$ SELECT workflow.emit('a.b', '1') $$, NULL), ('claim', $$ SELECT FROM workflow.claim('none') $$, NULL),
  ('tick', 'SELECT FROM workflow.tick(''2031-01-06 09:00Z'')', NULL), ('maintain', 'SELECT workflow.maintain()', NULL),
  ('receipt', $$ SELECT workflow.receipt((SELECT min(id) FROM workflow.outbox), 'opened') $$, NULL), ('reply', $$ SELECT workflow.reply('email', 'nobody@x.test') $$, NULL);
CREATE FUNCTION pg_temp.dead() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  of_claim workflow.claimed;
BEGIN
  SELECT * INTO of_claim FROM workflow.claim('email', 1, '1 hour');
  PERFORM workflow.nack(of_claim.token, of_claim.id, 'x', permanent => true);
  UPDATE workflow.outcome o SET state = 'dead' WHERE o.message = of_claim.id;
  RETURN of_claim.id;
END $$;
SELECT workflow.enroll('first', c::text) FROM generate_series(4, 5) c;
SELECT is(pg_temp.noted(c.statement), c.action, 'semantics 32: ' || c.name || CASE WHEN c.action IS NULL THEN ' is no action' ELSE ' is in the audit' END)
  FROM (SELECT * FROM calls ORDER BY n) c;
SELECT is_empty($$ SELECT l.name FROM workflow.access_list() l JOIN pg_proc p ON p.proname = l.name AND p.pronamespace = 'workflow'::regnamespace
    WHERE l.level <> 'viewer' AND l.name <> ALL ('{ack,nack,extend,wait_for_message,message_waits,uninstall}') EXCEPT SELECT name FROM calls $$,
  'semantics 32: no function that a level may call, and that may change something, is left out here');
SELECT is_empty($$ SELECT action, object, detail FROM workflow.audit WHERE concat(object, detail) ~ 'marked|bWFya2Vk' $$, 'semantics 32: what is in the audit are names and numbers, no contents');
SELECT results_eq($$ SELECT object, detail FROM workflow.audit WHERE action = 'set_webhook_secret' ORDER BY at $$, $$ VALUES ('first', '{"removed": false}'::jsonb), ('first', '{"removed": true}') $$,
  'semantics 32: whose secret it is');
SELECT is((SELECT (detail->>'rows')::int FROM workflow.audit WHERE action = 'reconcile'), 5, 'semantics 32: how many rows reconcile took');

-- Retention
SELECT is(current_setting('pg_workflow.retention_audit'), '7 years', 'semantics 32: by default the audit stays for long');
SELECT workflow.make_child('audit_entry', 'audit_entry_202001', 'at', '2020-01-01 00:00Z', '2020-02-01 00:00Z');
INSERT INTO workflow.audit_entry_202001 VALUES ('2020-01-31 00:00Z', 'postgres', 'postgres', 'old');
SET LOCAL pg_workflow.retention_audit = 'forever';
SELECT workflow.maintain();
SELECT is((SELECT count(*) FROM workflow.audit WHERE action = 'old'), 1::bigint, 'semantics 32: forever keeps it');
SET LOCAL pg_workflow.retention_audit = '1 year';
SELECT is((workflow.maintain()->>'retention_dropped')::int, 1, 'semantics 32: a month that is older leaves whole');
SELECT is(to_regclass('workflow.audit_entry_202001'), NULL, 'with its table');
SELECT cmp_ok((SELECT count(*) FROM workflow.audit), '>', 40::bigint, 'the present month stays');
SELECT * FROM finish();
ROLLBACK;

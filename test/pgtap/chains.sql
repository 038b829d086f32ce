-- What a workflow writes makes another's event (A22, A25, A29), how a chain ends, and how many rows a round takes.
BEGIN;
SELECT plan(26);
SET LOCAL client_min_messages = error;

CREATE TABLE chain_contacts (id int PRIMARY KEY, email text, stage text, n int DEFAULT 0, m int DEFAULT 0, tags text[] DEFAULT '{}');
CREATE TABLE chain_deals (id int PRIMARY KEY, contact_id int, stage text);
SELECT FROM workflow.attach('chain_contacts', '{"entity": "contact", "events": {
  "contact.stage_changed": {"when": {"field": "stage", "operator": "changed"}},
  "contact.n_changed": {"when": {"field": "n", "operator": "changed"}}, "contact.m_changed": {"when": {"field": "m", "operator": "changed"}}}}');
SELECT FROM workflow.attach('chain_deals', '{"entity": "opportunity", "contact": [{"column": "contact_id"}], "events": {
  "opportunity.stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}');
CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text, settings text = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.ticks(count int, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..count LOOP PERFORM workflow.tick(at); END LOOP;
END $$;
INSERT INTO chain_contacts SELECT n, 'c' || n || '@example.test', 'lead' FROM generate_series(1, 150) n;

-- A26, A28: one workflow for each stage of the pipeline, each moving the opportunity on
SELECT pg_temp.publish(f || ' to ' || t, format('[{"on": "opportunity.stage_changed", "filter": {"field": "opportunity.stage", "operator": "changedTo", "value": "%s"}}]', f)::text,
  format('[{"type": "send", "channel": "email", "subject": "%1$s", "body": "{{ opportunity.stage }}"}, {"type": "set", "opportunity": {"stage": "%2$s"}}]', f, t))
  FROM (VALUES ('reach', 'book'), ('book', 'sale'), ('sale', 'contract'), ('contract', 'service')) AS s(f, t);
INSERT INTO chain_deals VALUES (1, 1, 'new'), (2, 1, 'new');
SELECT pg_temp.ticks(1, '2031-01-06 09:00Z');
UPDATE chain_deals SET stage = 'reach' WHERE id = 1;
SELECT pg_temp.ticks(1, '2031-01-06 09:00Z');
SELECT is((SELECT array_agg(o.body ORDER BY o.id) FROM workflow.outbox o), '{reach}', 'A26, D12: an opportunity that reaches a stage enters that stage''s workflow');
SELECT is((SELECT stage FROM chain_deals WHERE id = 1), 'book', 'A20, A28: which moves it on');
SELECT pg_temp.ticks(4, '2031-01-06 09:00Z');
SELECT is((SELECT array_agg(o.body ORDER BY o.id) FROM workflow.outbox o), '{reach,book,sale,contract}', 'semantics 7, A25: what a workflow writes triggers the next, round by round');
SELECT results_eq('SELECT id, stage FROM chain_deals ORDER BY id', $$ VALUES (1, 'service'), (2, 'new') $$, 'A28: up to the last stage; the other opportunity is where it was');
SELECT is((SELECT array_agg(e.depth ORDER BY e.id) FROM workflow.enrollment e), '{0,1,2,3}', 'semantics 7: the chain travels with the event');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.entry_key = '1'), 4::bigint, 'B06: the opportunity is the key');
UPDATE chain_deals SET stage = 'reach' WHERE id = 2;
SELECT pg_temp.ticks(1, '2031-01-06 09:00Z');
SELECT is((SELECT e.depth::int FROM workflow.enrollment e WHERE e.entry_key = '2'), 0, 'what the host changes begins a chain of its own');

-- semantics 7: two that trigger each other
SELECT pg_temp.publish('ping', '[{"on": "contact.n_changed"}]', '[{"type": "set", "contact": {"m": {"add": 1}}}]', '{"reentry": "every_event"}');
SELECT pg_temp.publish('pong', '[{"on": "contact.m_changed"}]', '[{"type": "set", "contact": {"n": {"add": 1}}}]', '{"reentry": "every_event"}');
UPDATE chain_contacts SET n = 1 WHERE id = 2;
SELECT pg_temp.ticks(25, '2031-01-06 10:00Z');
SELECT results_eq('SELECT n, m FROM chain_contacts WHERE id = 2', 'VALUES (2, 1)', 'semantics 7: a workflow does not enter for the same key within one chain');
SELECT is((SELECT max(e.depth)::int FROM workflow.enrollment e JOIN workflow.workflow w ON w.id = e.workflow WHERE w.name = 'pong'), 1, 'semantics 7: the second one entered below the first');
SELECT results_eq($$ SELECT workflow, contact_key FROM workflow.refusals WHERE reason = 'loop' $$, $$ VALUES ('ping', '2') $$, 'semantics 5, 7: the next is refused as loop');
SELECT is((SELECT unread_events FROM workflow.status), 0::bigint, 'semantics 7: and then it is quiet');
SELECT pg_temp.publish('own tail', '[{"on": "contact.stage_changed"}]', '[{"type": "set", "contact": {"stage": "{{ contact.stage }}!"}}]', '{"reentry": "every_event"}');
UPDATE chain_contacts SET stage = 'a' WHERE id = 3;
SELECT pg_temp.ticks(25, '2031-01-06 10:00Z');
SELECT is((SELECT stage FROM chain_contacts WHERE id = 3), 'a!', 'semantics 7: one that triggers itself ends as well');

-- semantics 7: a wait of an hour ends the chain, a shorter one does not, nor do several together
SELECT pg_temp.publish('round ' || name, format('[{"on": "t.%s"}]', name), steps || format(', {"type": "emit", "event": "t.%s"}]', name), '{"reentry": "every_event", "while_live": "restart"}')
  FROM (VALUES ('hour', '[{"type": "wait", "for": "1 hour"}'), ('less', '[{"type": "wait", "for": "50 minutes"}'),
               ('twice', '[{"type": "wait", "for": "40 minutes"}, {"type": "send", "channel": "push", "body": "x"}, {"type": "wait", "for": "40 minutes"}')) AS w(name, steps);
SELECT workflow.emit('t.' || name, '4') FROM unnest('{hour,less,twice}'::text[]) name;
CREATE FUNCTION pg_temp.minutes(count int, from_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 0 .. count / 10 LOOP PERFORM workflow.tick(from_at + i * interval '10 minutes'), workflow.tick(from_at + i * interval '10 minutes'); END LOOP;
END $$;
SELECT pg_temp.minutes(200, '2031-01-06 11:00Z');
SELECT results_eq($$ SELECT workflow, count(*) > 1, (SELECT string_agg(DISTINCT r.reason, ',') FROM workflow.refusals r WHERE r.workflow = e.workflow) FROM workflow.enrollments e
  WHERE e.workflow LIKE 'round %' GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('round hour', true, NULL), ('round less', false, 'loop'), ('round twice', false, 'loop') $$,
  'semantics 7: a chain ends at a wait of an hour or more, not of less');
SELECT workflow.archive('round hour', force => true);
-- semantics 7: twenty within an hour, in the window that moves along
SELECT pg_temp.publish('busy', '[{"on": "t.busy"}]', '[{"type": "stop"}]', '{"reentry": "every_event"}');
CREATE FUNCTION pg_temp.busy(times int, at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. times LOOP PERFORM workflow.emit('t.busy', '5'); END LOOP;
  PERFORM workflow.emit('t.busy', '6');
  PERFORM workflow.tick(at);
  RETURN (SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'busy' AND e.contact_key = '5') || ' in, ' ||
         (SELECT count(*) FROM workflow.refusals r WHERE r.workflow = 'busy' AND r.reason = 'loop') || ' out, other ' ||
         (SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'busy' AND e.contact_key = '6');
END $$;
SELECT is(pg_temp.busy(10, '2031-01-06 15:00Z'), '10 in, 0 out, other 1', 'semantics 7: ten entries');
SELECT is(pg_temp.busy(10, '2031-01-06 15:40Z'), '20 in, 0 out, other 2', 'semantics 7: and ten more within the hour');
SELECT is(pg_temp.busy(1, '2031-01-06 15:59:59Z'), '20 in, 1 out, other 3', 'semantics 7: the twenty-first is refused as loop; another key is not');
SELECT is(pg_temp.busy(11, '2031-01-06 16:00:01Z'), '30 in, 2 out, other 4', 'semantics 7: an hour after the first ten there is room for ten');
SELECT is((SELECT count(*) FROM workflow.refusals r WHERE r.workflow = 'busy' AND r.reason <> 'loop'), 0::bigint, 'for no other reason');

-- semantics 31: at most a hundred rows of the CRM in a round
SELECT pg_temp.publish('many', '[{"on": "manual"}]', '[{"type": "set", "contact": {"email": "{{ contact.id }}@example.test"}}, {"type": "send", "channel": "email", "body": "x"}]');
SELECT workflow.enroll('many', id::text) FROM chain_contacts;
SELECT results_eq($$ SELECT events, messages, errors FROM workflow.tick('2031-01-07 09:00Z') $$, 'VALUES (150, 100, 0)', 'semantics 31: a round locks at most a hundred rows of the CRM');
SELECT is((SELECT count(*) FROM chain_contacts WHERE email = id || '@example.test'), 100::bigint, 'those are changed');
SELECT is((SELECT count(*) FROM workflow.waiting w WHERE w.state = 'retry' AND w.attempts = 0), 50::bigint, 'semantics 28: being put off counts no attempt');
SELECT results_eq($$ SELECT messages, errors FROM workflow.tick('2031-01-07 09:00Z') $$, 'VALUES (50, 0)', 'semantics 31: the others come in the next round, at once');
SELECT is((SELECT count(*) FROM chain_contacts WHERE email = id || '@example.test'), 150::bigint, 'and are changed then');
SELECT is((SELECT count(DISTINCT o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'many'), 150::bigint, 'semantics 24: each with its message');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'many'), 150::bigint, 'and one only');
SELECT is_empty('SELECT * FROM workflow.errors', 'semantics 29: nothing failed');

SELECT * FROM finish();
ROLLBACK;

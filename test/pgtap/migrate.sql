-- semantics 10: live enrollments go to another version by the ids of their steps; time already waited counts (B10, D25).
BEGIN;
SELECT plan(32);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE moving_contacts (id int PRIMARY KEY, trial_ends date, points int DEFAULT 0);
SELECT FROM workflow.attach('moving_contacts', '{"entity": "contact"}');
INSERT INTO moving_contacts SELECT n, '2025-07-01' FROM generate_series(1, 12) n;
CREATE FUNCTION pg_temp.publish(name text, steps text, rest text = '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  definition jsonb := jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', 'manual')), 'steps', steps::jsonb) || rest::jsonb;
BEGIN
  IF EXISTS (SELECT FROM workflow.workflows w WHERE w.name = publish.name) THEN
    PERFORM workflow.save_draft(name, definition);
  ELSE
    PERFORM workflow.create_workflow(name, definition);
  END IF;
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.stands(name text) RETURNS TABLE (contact text, version int, step text, due timestamptz) LANGUAGE sql AS $$
  SELECT e.contact_key, e.version, e.step, e.due FROM workflow.enrollments e WHERE e.workflow = name AND e.state <> 'ended' ORDER BY e.contact_key::int
$$;
CREATE FUNCTION pg_temp.said(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.contact_key || ':' || o.body, ' ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name
$$;

-- Where they stand, and what they have waited.
SELECT pg_temp.publish('drip', '[{"id": "pause", "type": "wait", "for": "3 days"}, {"id": "mail", "type": "send", "channel": "push", "body": "one"}]');
SELECT workflow.enroll('drip', c::text) FROM generate_series(1, 3) c;
SELECT FROM workflow.tick('2025-06-01 12:00Z');
SELECT pg_temp.publish('drip', '[{"id": "pause", "type": "wait", "for": "5 days"}, {"id": "mail", "type": "send", "channel": "push", "body": "two"}]');
SELECT workflow.enroll('drip', '4');
SELECT FROM workflow.tick('2025-06-02 12:00Z');
SELECT results_eq($$ SELECT * FROM workflow.migrate('drip', 1, 2) $$, $$ VALUES ('pause', 'pause', 3::bigint, NULL::text, NULL::text[]) $$,
                  'semantics 10: a dry run shows how many would go, from which step to which');
SELECT FROM workflow.tick('2025-06-02 12:00Z');
SELECT results_eq($$ SELECT * FROM pg_temp.stands('drip') WHERE version = 1 $$,
                  $$ SELECT n::text, 1, 'pause', '2025-06-04 12:00Z'::timestamptz FROM generate_series(1, 3) n $$, 'semantics 10: and does nothing');
SELECT is((SELECT count(*) FROM workflow.audit a WHERE a.action = 'migrate'), 0::bigint, 'nor is it in the audit');
SELECT results_eq($$ SELECT enrollments FROM workflow.migrate('drip', 1, 2, dry_run => false) $$, 'VALUES (3::bigint)', 'without it the same is shown');
SELECT FROM workflow.tick('2025-06-02 12:00Z');
SELECT results_eq($$ SELECT * FROM pg_temp.stands('drip') $$,
                  $$ SELECT n::text, 2, 'pause', '2025-06-06 12:00Z'::timestamptz + CASE n WHEN 4 THEN interval '1 day' ELSE '0' END FROM generate_series(1, 4) n $$,
                  'semantics 10: of a wait that was 3 days and is 5, 4 remain after the first');
SELECT is((SELECT array_agg(DISTINCT h.detail) FROM workflow.history h WHERE h.what = 'migrated'), '{from version 1}', 'the history says so');
SELECT is((SELECT a.detail FROM workflow.audit a WHERE a.action = 'migrate'), '{"from_version": 1, "to_version": 2, "mapping": {}}', 'semantics 32: and the audit');
SELECT results_eq($$ SELECT version, live FROM workflow.stat_workflow WHERE workflow = 'drip' ORDER BY 1 $$, 'VALUES (1, 0::numeric), (2, 4)', 'figures go along');
SELECT is((SELECT (workflow.maintain()->>'versions_retired')::int), 1, 'nobody lives on the old version any more');
SELECT FROM workflow.tick('2025-06-04 12:00Z');
SELECT is(pg_temp.said('drip'), NULL, 'the timer that was set before is stale');
SELECT FROM workflow.tick('2025-06-06 12:00Z');
SELECT is(pg_temp.said('drip'), '1:two 2:two 3:two', 'semantics 10: they go on by the new version');
SELECT is((SELECT array_agg(DISTINCT m.version) FROM workflow.outbox m), '{2}', 'and their messages are of it');

-- A wait that is over by the new version; and back again, to a version that had been forgotten.
SELECT pg_temp.publish('drip', '[{"id": "pause", "type": "wait", "for": "1 hour", "if_past": "exit"}, {"id": "mail", "type": "send", "channel": "push", "body": "three"}]');
SELECT workflow.enroll('drip', '5');
SELECT results_eq($$ SELECT enrollments FROM workflow.migrate('drip', 2, 1, dry_run => false) $$, 'VALUES (1::bigint)', 'versions that nobody was on take them back');
SELECT FROM workflow.tick('2025-06-06 12:00Z');
SELECT is(pg_temp.said('drip'), '1:two 2:two 3:two 4:one', 'semantics 10: what the version would have ended before is due now, and goes on, whatever if_past says');

-- Steps that are gone, that have another id, that wait for something else.
SELECT pg_temp.publish('tour', '[{"id": "a", "type": "wait", "for": "1 day"}, {"id": "b", "type": "wait", "for": "1 day"}, {"id": "c", "type": "wait", "until_date": "contact.trial_ends"},
  {"id": "mail", "type": "send", "channel": "push", "body": "one"}]');
SELECT workflow.enroll('tour', '1');
SELECT FROM workflow.tick('2025-06-10 12:00Z');
SELECT workflow.enroll('tour', '2');
SELECT FROM workflow.tick('2025-06-11 12:00Z');
SELECT workflow.enroll('tour', '3');
SELECT FROM workflow.tick('2025-06-12 12:00Z');
SELECT pg_temp.publish('tour', '[{"id": "a", "type": "wait", "until_time": "09:00"}, {"id": "beta", "type": "wait", "for": "2 days"}, {"id": "c", "type": "wait", "until_date": {"field": "contact.trial_ends", "offset": "-3 days"}},
  {"id": "mail", "type": "send", "channel": "push", "body": "two"}]');
SELECT results_eq($$ SELECT * FROM workflow.migrate('tour', 1, 2) $$,
  $$ VALUES ('c', 'c', 1::bigint, NULL, NULL), ('a', NULL, 1, 'step "a" of the new version waits for something else', '{3}'::text[]),
            ('b', NULL, 1, 'the new version has no step "b", and the mapping names none for it', '{2}') $$,
  'semantics 10: the dry run says who cannot go, and why');
SELECT results_eq($$ SELECT from_step, to_step, enrollments FROM workflow.migrate('tour', 1, 2, '{"b": "beta"}', false) WHERE problem IS NULL $$,
                  $$ VALUES ('b', 'beta', 1::bigint), ('c', 'c', 1) $$, 'semantics 10: a mapping names steps that have another id');
SELECT FROM workflow.tick('2025-06-12 12:00Z');
SELECT FROM workflow.tick('2025-06-12 12:00Z');
SELECT results_eq($$ SELECT * FROM pg_temp.stands('tour') $$,
  $$ VALUES ('1', 2, 'c', '2025-06-28 00:00Z'::timestamptz), ('2', 2, 'beta', '2025-06-14 12:00Z'), ('3', 1, 'a', '2025-06-13 12:00Z') $$,
  'semantics 10: a date is reckoned by the new step; who cannot go stays');
SELECT is((SELECT h.detail FROM workflow.history h WHERE h.workflow = 'tour' AND h.what = 'not_migrated'),
          'to version 2: step "a" of the new version waits for something else', 'and the history says why');
UPDATE moving_contacts SET trial_ends = '2025-06-20' WHERE id = 1;
SELECT FROM workflow.tick('2025-06-12 13:00Z');
SELECT is((SELECT s.due FROM pg_temp.stands('tour') s WHERE s.contact = '1'), '2025-06-17 00:00Z', 'semantics 16, 10: their dates follow the record as before');

-- Goals, events that were kept, and a pause.
SELECT pg_temp.publish('goals', '[{"id": "pause", "type": "wait", "for": "2 days"}, {"id": "paid", "type": "wait", "until_event": "t.paid", "timeout": "9 days"}, {"id": "mail", "type": "send", "channel": "push", "body": "one"}]',
  '{"goals": [{"id": "booked", "on": "t.booked", "then": "count"}]}');
SELECT workflow.enroll('goals', c::text) FROM generate_series(1, 2) c;
SELECT FROM workflow.tick('2025-06-12 14:00Z');
SELECT workflow.emit('t.booked', '1'), workflow.emit('t.paid', '2');
SELECT FROM workflow.tick('2025-06-12 15:00Z');
SELECT pg_temp.publish('goals', '[{"id": "pause", "type": "wait", "for": "3 days"}, {"id": "paid", "type": "wait", "until_event": "t.paid", "timeout": "9 days"}, {"id": "mail", "type": "send", "channel": "push", "body": "two"}]');
SELECT results_eq($$ SELECT contacts, problem FROM workflow.migrate('goals', 1, 2) WHERE problem IS NOT NULL $$,
                  $$ VALUES ('{1}'::text[], 'it has reached goal "booked", which the new version does not have') $$, 'semantics 10: nothing that was reached is lost');
SELECT FROM workflow.migrate('goals', 1, 2, dry_run => false);
SELECT workflow.pause('goals');
SELECT FROM workflow.tick('2025-06-13 14:00Z');
SELECT workflow.resume('goals');
SELECT FROM workflow.tick('2025-06-14 14:00Z');
SELECT is((SELECT s.due FROM pg_temp.stands('goals') s WHERE s.contact = '2'), '2025-06-15 14:00Z', 'semantics 10: also while the workflow is paused');
SELECT FROM workflow.tick('2025-06-15 14:00Z');
SELECT FROM workflow.tick('2025-06-16 12:59Z');
SELECT is(pg_temp.said('goals'), NULL, 'semantics 11, 10: a pause moves the wait of the new version too');
SELECT FROM workflow.tick('2025-06-16 13:00Z');
SELECT is(pg_temp.said('goals'), '2:two', 'semantics 18, 10: an event that came before counts where the new version waits for it');

-- More than a round takes.
SELECT pg_temp.publish('many', '[{"id": "pause", "type": "wait", "for": "2 days"}]');
SELECT workflow.enroll('many', c::text) FROM generate_series(1, 12) c;
SELECT FROM workflow.tick('2025-06-17 12:00Z');
SELECT pg_temp.publish('many', '[{"id": "pause", "type": "wait", "for": "3 days"}]');
SELECT FROM workflow.migrate('many', 1, 2, dry_run => false);
SET LOCAL pg_workflow.batch_size = 5;
SELECT FROM workflow.tick('2025-06-17 12:00Z');
SELECT is((SELECT count(*) FROM pg_temp.stands('many') WHERE version = 2), 5::bigint, 'semantics 10: a round moves as many as it takes of anything');
SELECT FROM generate_series(1, 3), workflow.tick('2025-06-17 12:00Z');
SELECT FROM workflow.tick('2025-06-17 12:00Z');
SELECT is((SELECT count(*) FROM pg_temp.stands('many') WHERE version = 2), 12::bigint, 'semantics 10: the next ones the rest');
RESET pg_workflow.batch_size;

-- What is refused
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 2) $$, '22023', 'version 2 is the one they are on', 'the same version');
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 7) $$, 'WF002', 'workflow "many" has no version 7', 'no such version');
SELECT workflow.save_draft('many', '{"triggers": [{"on": "manual"}], "steps": [{"id": "pause", "type": "wait", "for": "3 days"}]}');
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 3) $$, 'WF007', 'version 3 of workflow "many" is a draft', 'semantics 9: a draft');
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 1, '{"pose": "pause"}') $$, '22023', '"mapping" names steps that are not there', 'a step that is not there');
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 1, '["pause"]') $$, '22023', '"mapping" must be an object', 'no mapping');
SELECT throws_ok($$ SELECT workflow.migrate('many', 2, 1, '{"pause": 1}') $$, '22023', NULL, 'no step');
SELECT throws_ok($$ SELECT workflow.migrate('many', NULL, 1) $$, '22004', '"from_version" must not be null or empty', 'no version');

SELECT * FROM finish();
ROLLBACK;

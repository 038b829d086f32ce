-- approve: waiting for a person.
BEGIN;
SELECT plan(20);
SET LOCAL client_min_messages = error;

CREATE TABLE app_contacts (id int PRIMARY KEY, name text, owner text, state text);
SELECT FROM workflow.attach('app_contacts', '{"entity": "contact"}');
INSERT INTO app_contacts SELECT n, 'c' || n, 'boss', 'new' FROM generate_series(1, 9) n;
SELECT FROM workflow.tick('2031-01-06 08:00Z');
SELECT workflow.create_workflow('ask', '{"triggers": [{"on": "manual"}], "settings": {"reentry": "every_event"}, "steps": [
  {"id": "ok", "type": "approve", "title": "Discount for {{ contact.name }}", "assignee": "owner", "timeout": "2 days", "at": "12:00",
   "approved": [{"type": "send", "channel": "push", "body": "yes {{ step.ok.comment }}"}, {"type": "set", "contact": {"state": "won"}}],
   "rejected": [{"type": "send", "channel": "push", "body": "no {{ step.ok.outcome }}"}],
   "timed_out": [{"type": "send", "channel": "push", "body": "late"}]},
  {"type": "send", "channel": "push", "body": "after"}]}');
SELECT workflow.publish('ask');
CREATE FUNCTION pg_temp.said(contact text, workflow text = 'ask') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.contact_key = contact AND o.workflow = said.workflow
$$;
CREATE FUNCTION pg_temp.task(contact text) RETURNS bigint LANGUAGE sql AS $$ SELECT max(t.id) FROM workflow.tasks t WHERE t.contact_key = contact $$;
SELECT workflow.enroll('ask', n::text) FROM generate_series(1, 5) n;
SELECT FROM workflow.tick('2031-01-06 09:00Z');

SELECT results_eq($$ SELECT t.kind, t.state, t.title, t.assignee, t.due_at FROM workflow.tasks t WHERE t.contact_key = '1' $$,
  $$ VALUES ('approval', 'open', 'Discount for c1', 'boss', '2031-01-08 12:00Z'::timestamptz) $$, 'approve asks a person');
SELECT results_eq($$ SELECT e.state, e.step, e.due FROM workflow.enrollments e WHERE e.contact_key = '1' $$, $$ VALUES ('approval', 'ok', '2031-01-08 12:00Z'::timestamptz) $$, 'and waits');
SELECT is(pg_temp.said('1'), NULL, 'nothing is done meanwhile');

SELECT isnt(workflow.approve(pg_temp.task('1'), 'fine'), NULL, 'approve() returns the event''s id');
SELECT workflow.reject(pg_temp.task('2'));
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.said('1'), 'yes fine,after', 'approved: its list, then the step after it; the comment is known to texts');
SELECT is((SELECT state FROM app_contacts WHERE id = 1), 'won', 'with all its steps');
SELECT is(pg_temp.said('2'), 'no rejected,after', 'rejected: its own list');
SELECT results_eq($$ SELECT t.state, t.comment, t.closed_by = session_user FROM workflow.tasks t WHERE t.contact_key IN ('1', '2') ORDER BY t.contact_key $$,
  $$ VALUES ('approved', 'fine', true), ('rejected', NULL, true) $$, 'who answered what is with the task');
SELECT throws_ok($$ SELECT workflow.approve(pg_temp.task('1')) $$, 'WF007', NULL, 'an answer is given once');
SELECT throws_ok($$ SELECT workflow.approve(-1) $$, 'WF007', 'there is no task -1', 'to a task that is there');
SELECT throws_ok($$ SELECT workflow.approve(NULL) $$, '22004', NULL, 'and is named');

-- Two answers in one round: the first counts.
SELECT workflow.reject(pg_temp.task('3'), 'first'), workflow.approve(pg_temp.task('3'), 'second');
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT is(pg_temp.said('3'), 'no rejected,after', 'of two answers the first counts');

-- Whoever leaves is asked for no more.
SELECT workflow.unenroll('ask', '4');
SELECT FROM workflow.tick('2031-01-06 12:00Z');
SELECT is((SELECT t.state FROM workflow.tasks t WHERE t.contact_key = '4'), 'cancelled', 'an approval of who has left is cancelled');
SELECT throws_ok($$ SELECT workflow.approve(pg_temp.task('4')) $$, 'WF007', NULL, 'and takes no answer');

SELECT FROM workflow.tick('2031-01-08 11:59Z');
SELECT is(pg_temp.said('5'), NULL, 'not before its time');
SELECT FROM workflow.tick('2031-01-08 12:00Z');
SELECT is(pg_temp.said('5'), 'late,after', 'timed out: its own list');
SELECT is((SELECT t.state FROM workflow.tasks t WHERE t.contact_key = '5'), 'timed_out', 'and so is its task');

-- Without a timeout; lists that are left out; again for the same contact.
SELECT workflow.create_workflow('plain', '{"triggers": [{"on": "manual"}], "settings": {"reentry": "every_event"}, "steps": [
  {"type": "approve", "title": "Go on?", "rejected": [{"type": "stop", "reason": "no"}]}, {"type": "send", "channel": "push", "body": "on"}]}');
SELECT workflow.publish('plain');
SELECT workflow.enroll('plain', '6'), workflow.enroll('plain', '7');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((SELECT e.due FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '6'), NULL, 'without a timeout it waits for ever');
SELECT workflow.approve(pg_temp.task('6')), workflow.reject(pg_temp.task('7'));
SELECT FROM workflow.tick('2031-03-06 09:00Z');
SELECT FROM workflow.tick('2031-03-06 09:00Z');
SELECT is(pg_temp.said('6', 'plain'), 'on', 'a list that is left out goes on after the step');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'plain' AND e.contact_key = '7'), 'stopped', 'rejected may stop it');

SELECT * FROM finish();
ROLLBACK;

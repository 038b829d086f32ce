-- Definitions, templates, accounts and events as SQL sees them, without a round.
BEGIN;
SELECT plan(96);
SET LOCAL client_min_messages = error;

CREATE FUNCTION pg_temp.definition(subject text = 'Hello') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'steps', jsonb_build_array(jsonb_build_object(
    'id', 'hello', 'type', 'send', 'channel', 'email', 'to', 'a@b.test', 'subject', subject, 'body', 'Dear all')))
$$;
CREATE FUNCTION pg_temp.status(name text) RETURNS text LANGUAGE sql AS $$ SELECT w.status FROM workflow.workflows w WHERE w.name = status.name AND w.account = '' $$;
-- DETAIL and HINT of what a statement raises.
CREATE FUNCTION pg_temp.raised(statement text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

-- A01, A23: a workflow is a document with triggers and steps; D30: it is checked before it is used
SELECT is_empty('SELECT * FROM workflow.validate(pg_temp.definition())', 'D30: a good definition has no problem');
SELECT results_eq($$ SELECT severity, path FROM workflow.validate('{"triggers": 1, "steps": 2}') ORDER BY path $$,
                  $$ VALUES ('error', '/steps'), ('error', '/triggers') $$, 'D30: every problem at once, each with its path');
SELECT throws_ok($$ SELECT workflow.create_workflow('bad', '{"triggers": 1, "steps": 2}') $$, 'WF001', 'definition has 2 errors', 'a definition with errors is refused');
SELECT is((SELECT array_length(string_to_array(detail, E'\n'), 1) FROM pg_temp.raised($$ SELECT workflow.create_workflow('bad', '{"triggers": 1, "steps": 2}') $$)), 2, 'with a line of detail for each');
SELECT matches((SELECT detail FROM pg_temp.raised($$ SELECT workflow.create_workflow('bad', '{"triggers": 1, "steps": 2}') $$)), '(^|\n)"/steps": ', 'which begins with the path');
SELECT is((SELECT message FROM pg_temp.raised($$ SELECT workflow.create_workflow('bad', pg_temp.definition() - 'triggers') $$)), 'definition has 1 error', 'one error is not "errors"');
SELECT is((SELECT count(*) FROM workflow.workflows WHERE name = 'bad'), 0::bigint, 'and nothing is stored');
SELECT throws_ok($$ SELECT workflow.create_workflow('', pg_temp.definition()) $$, '22004', NULL, 'a name is needed');
SELECT throws_ok($$ SELECT workflow.create_workflow('bad', NULL) $$, '22004', NULL, 'a definition is needed');

-- E16: saved, and one more added; D25: versions
SELECT is(workflow.create_workflow('welcome', pg_temp.definition()), 1, 'E16, D25: a new workflow has version 1');
SELECT throws_ok($$ SELECT workflow.create_workflow('welcome', pg_temp.definition()) $$, 'WF007', NULL, 'a name is taken once');
SELECT matches((SELECT hint FROM pg_temp.raised($$ SELECT workflow.create_workflow('welcome', pg_temp.definition()) $$)), 'save_draft', 'the hint names save_draft');
SELECT is(pg_temp.status('welcome'), 'draft', 'it begins as a draft');
SELECT throws_ok($$ SELECT workflow.enroll('welcome', 'c1') $$, 'WF007', NULL, 'nobody enrolls into a draft');
SELECT throws_ok($$ SELECT workflow.pause('welcome') $$, 'WF007', NULL, 'a draft is not paused');
SELECT is(workflow.publish('welcome', 'first'), 1, 'publish returns the version');
SELECT is(pg_temp.status('welcome'), 'published', 'it is published');
SELECT throws_ok($$ SELECT workflow.publish('welcome') $$, 'WF007', NULL, 'a published version is not published again');
SELECT is(workflow.save_draft('welcome', pg_temp.definition('Good day')), 2, 'D25: a draft has the next number');
SELECT is(workflow.save_draft('welcome', pg_temp.definition('Good night')), 3, 'D25: and the next one too');
SELECT throws_ok($$ SELECT workflow.save_draft('welcome', '{}') $$, 'WF001', NULL, 'a draft with errors is refused');
SELECT results_eq($$ SELECT number, status FROM workflow.versions WHERE workflow = 'welcome' ORDER BY number $$,
                  $$ VALUES (1, 'published'), (2, 'draft'), (3, 'draft') $$, 'D25: drafts change nothing of what is published');
SELECT is(workflow.publish('welcome'), 3, 'the newest is published');
SELECT results_eq($$ SELECT number, status, listened FROM workflow.versions WHERE workflow = 'welcome' ORDER BY number $$,
                  $$ VALUES (1, 'replaced', true), (2, 'draft', false), (3, 'published', true) $$, 'semantics 9: the replaced version is listened for as long as somebody may live on it');
SELECT is((SELECT definition #>> '{steps,0,subject}' FROM workflow.versions WHERE workflow = 'welcome' AND number = 1), 'Hello', 'semantics 9, B10: a version never changes');
SELECT is((SELECT comment FROM workflow.versions WHERE workflow = 'welcome' AND number = 1), 'first', 'D25: the comment is kept');

-- What nobody lives on is retired
INSERT INTO workflow.state (enrollment, version, phase, step, visit, attempts, timer, clock)
SELECT 999001, v.id, 'waiting', 'x', 1, 0, 1, now() FROM workflow.version v JOIN workflow.workflow w ON w.id = v.workflow WHERE w.name = 'welcome' AND v.number = 1;
SELECT is((workflow.maintain()->>'versions_retired')::int, 0, 'semantics 9: a version with live enrollments is not retired');
UPDATE workflow.state SET phase = 'ended' WHERE enrollment = 999001;
SELECT is((workflow.maintain()->>'versions_retired')::int, 1, 'one without is');
SELECT is((SELECT array_agg(number) FROM workflow.versions WHERE workflow = 'welcome' AND listened), '{3}', 'the published one stays');

-- Unknown and ambiguous names
SELECT throws_ok($$ SELECT workflow.publish('welcom') $$, 'WF002', 'there is no workflow "welcom"', 'an unknown workflow');
SELECT is((SELECT hint FROM pg_temp.raised($$ SELECT workflow.publish('welcom') $$)), 'Did you mean "welcome"?', 'with the nearest name');
SELECT is(workflow.create_workflow('welcome', pg_temp.definition(), account => 'acme'), 1, 'an account may have one of the same name');
SELECT throws_ok($$ SELECT workflow.pause('welcome') $$, 'WF003', 'several accounts have a workflow "welcome"', 'WF003: then the name is ambiguous');
SELECT lives_ok($$ SELECT workflow.pause('welcome', account => '') $$, 'and the account tells');
SELECT is(pg_temp.status('welcome'), 'paused', 'which one is meant');
SELECT throws_ok($$ SELECT workflow.enroll('welcome', 'c1') $$, 'WF003', NULL, 'WF003 for enroll');
SELECT throws_ok($$ SELECT workflow.unenroll('welcome', 'c1') $$, 'WF003', NULL, 'WF003 for unenroll');
SELECT throws_ok($$ SELECT workflow.save_draft('welcome', pg_temp.definition()) $$, 'WF003', NULL, 'WF003 for save_draft');
SELECT throws_ok($$ SELECT workflow.publish('welcome', account => 'other') $$, 'WF002', NULL, 'an account changes its own workflows only');

-- semantics 11: pause, resume, archive
SELECT throws_ok($$ SELECT workflow.pause('welcome', '') $$, 'WF007', NULL, 'a paused one is not paused again');
SELECT is(workflow.save_draft('welcome', pg_temp.definition(), ''), 4, 'a draft while paused');
SELECT is(workflow.publish('welcome', account => ''), 4, 'is published');
SELECT is(pg_temp.status('welcome'), 'paused', 'and the workflow is still paused');
SELECT throws_ok($$ SELECT workflow.resume('welcome', 'catch_all', '') $$, '22023', NULL, 'semantics 11: an unknown way to resume is refused');
SELECT lives_ok($$ SELECT workflow.resume('welcome', 'freeze', '') $$, 'semantics 11: freeze');
SELECT is(pg_temp.status('welcome'), 'published', 'semantics 11: resumed');
SELECT is((SELECT count(*) FROM workflow.pause p JOIN workflow.workflow w ON w.id = p.workflow WHERE w.name = 'welcome'), 1::bigint, 'semantics 11: the pause is kept for the waits');
SELECT throws_ok($$ SELECT workflow.resume('welcome', NULL, '') $$, 'WF007', NULL, 'what is not paused is not resumed');

-- semantics 30: who publishes
SELECT is(workflow.create_workflow('owned', pg_temp.definition()), 1, 'a workflow of another role');
CREATE ROLE wf_owner_test;
CREATE ROLE wf_author_test;
UPDATE workflow.workflow SET owner = 'wf_owner_test' WHERE name = 'owned';
GRANT USAGE ON SCHEMA workflow TO wf_author_test;
GRANT EXECUTE ON FUNCTION workflow.publish(text, text, text) TO wf_author_test;
SET LOCAL SESSION AUTHORIZATION wf_author_test;
SELECT throws_ok($$ SELECT workflow.publish('owned') $$, '42501', NULL, 'semantics 30: only a role that may act as the owner publishes');
RESET SESSION AUTHORIZATION;
GRANT wf_owner_test TO wf_author_test;
SET LOCAL SESSION AUTHORIZATION wf_author_test;
SELECT is(workflow.publish('owned'), 1, 'semantics 30: a member does');
RESET SESSION AUTHORIZATION;

-- semantics 3: ids of events
SELECT is(workflow.emit('cart.abandoned', 'c1', event_id => 'e-1'), workflow.emit('cart.abandoned', 'c1', event_id => 'e-1'), 'semantics 3: emit again has the same id');
SELECT is(workflow.emit('cart.abandoned', 'c1', event_id => 'e-1'), md5(chr(31) || 'e-1')::uuid, 'semantics 3: derived from account and event_id');
SELECT isnt(workflow.emit('cart.abandoned', 'c1', event_id => 'e-1', account => 'acme'), workflow.emit('cart.abandoned', 'c1', event_id => 'e-1'), 'semantics 3: another account, another event');
SELECT isnt(workflow.emit('cart.abandoned', 'c1'), workflow.emit('cart.abandoned', 'c1'), 'without event_id every call is an event');
SELECT is(workflow.enroll('welcome', 'c1', event_id => 'n-1', account => ''), workflow.enroll('welcome', 'c1', event_id => 'n-1', account => ''), 'semantics 3: enroll again has the same id');
SELECT isnt(workflow.unenroll('welcome', 'c1', 'moved', account => ''), NULL, 'unenroll returns an id');
SELECT throws_ok($$ SELECT workflow.emit('cart.abandoned', 'c1', event_id => '') $$, '22023', NULL, 'an empty event_id is none');
SELECT throws_ok($$ SELECT workflow.emit('abandoned', 'c1') $$, '22023', '"abandoned" is no event name', 'an event''s name has a dot');
SELECT throws_ok($$ SELECT workflow.emit('cart..abandoned', 'c1') $$, '22023', NULL, 'and no empty part');
SELECT throws_ok($$ SELECT workflow.emit('cart.abandoned', '') $$, '22004', NULL, 'a contact is needed');
SELECT throws_ok($$ SELECT workflow.emit('cart.abandoned', 'c1', '[1]') $$, '22023', NULL, 'data is an object');

-- What the log holds
CREATE TEMP VIEW logged AS
  SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
SELECT results_eq($$ SELECT kind::text, name, row_key, account, timed, body::jsonb FROM logged WHERE event = md5(chr(31) || 'n-1')::uuid LIMIT 1 $$,
                  $$ SELECT 'n', 'welcome', 'c1', '', false, jsonb_build_object('workflow', (SELECT id FROM workflow.workflow WHERE name = 'welcome' AND account = ''), 'data', '{}'::jsonb) $$,
                  'enroll appends an event with the workflow and the data');
SELECT is((SELECT workflow.emit('cart.abandoned', 'c9', '{"n": 1}', 'timed', '2020-02-02 20:20:20Z')), md5(chr(31) || 'timed')::uuid, 'an event of another day');
SELECT results_eq($$ SELECT kind::text, name, row_key, timed, at, body::jsonb, xid = pg_current_xact_id() FROM logged WHERE event = md5(chr(31) || 'timed')::uuid $$,
                  $$ VALUES ('e', 'cart.abandoned', 'c9', true, '2020-02-02 20:20:20Z'::timestamptz, '{"data": {"n": 1}}'::jsonb, true) $$, 'has its time and the transaction');
SELECT results_eq($$ SELECT name, (body->>'workflow')::int IS NOT NULL FROM logged WHERE kind = 'p' $$, $$ VALUES ('resume', true) $$, 'resume appends an event');
SELECT is((workflow.result(md5(chr(31) || 'timed')::uuid)->>'pending')::boolean, true, 'an event that no round has read is pending');
SELECT is(workflow.result(md5(chr(31) || 'timed')::uuid)->'enrollments', '[]', 'and has enrolled nobody');
SELECT is((workflow.result(gen_random_uuid())->>'pending')::boolean, false, 'an unknown event is not pending');
SELECT is((SELECT unread_events FROM workflow.status), (SELECT count(*) FROM logged), 'status counts the unread');
INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, own_event)
SELECT '3:3:', pg_current_snapshot(), 0, true, pg_current_xact_id(), max(id) FROM logged;
SELECT is((workflow.result(md5(chr(31) || 'timed')::uuid)->>'pending')::boolean, false, 'what a tick of this transaction read is not pending');
SELECT is((SELECT unread_events FROM workflow.status), 0::bigint, 'nor unread');
INSERT INTO workflow.enrollment (id, account, contact_key, workflow, entry_key, entry_by, entry_number, version, event, event_name, event_at, entered_at)
SELECT 77, 'north', 'c77', w.id, 'c77', 'c', 1, v.id, md5('77')::uuid, 'manual', now(), now()
  FROM workflow.workflow w JOIN workflow.version v ON v.workflow = w.id AND v.number = w.published WHERE w.name = 'welcome' AND w.account = '';
INSERT INTO workflow.state (enrollment, version, phase, step, visit, attempts, timer, clock) SELECT 77, version, 'waiting', 'x', 1, 0, 1, now() FROM workflow.enrollment WHERE id = 77;
INSERT INTO workflow.entry_event SELECT event, workflow, account, id FROM workflow.enrollment WHERE id = 77;
INSERT INTO workflow.refusal (at, reason, workflow, event, event_name, account) SELECT now(), 'duplicate_event', workflow, event, 'manual', '' FROM workflow.enrollment WHERE id = 77;
SELECT is(workflow.result(md5('77')::uuid), jsonb_build_object('event', md5('77')::uuid, 'enrollment', '00000000-0000-8000-8000-00000000004d', 'pending', false,
          'enrollments', '[{"enrollment": "00000000-0000-8000-8000-00000000004d", "workflow": "welcome", "version": 4, "state": "waiting", "reason": null}]'::jsonb,
          'refusals', '[{"workflow": "welcome", "reason": "duplicate_event", "detail": null}]'::jsonb), 'semantics 3: result gives the first enrollment');
SELECT isnt(workflow.unenroll('welcome', 'c77', account => 'north'), NULL, 'an account''s contact is unenrolled');
SELECT is((SELECT count(*) FROM logged WHERE kind = 'u' AND row_key = 'c77' AND account = 'north'), 1::bigint, 'unenroll reaches the workflows of every account');
SELECT is(workflow.accounts_of((SELECT workflow FROM workflow.enrollment WHERE id = 77), 'c77'), '{north}', 'the account of an enrollment is found');
SELECT is((SELECT due FROM workflow.waiting WHERE contact_key = 'c77'), NULL, 'a wait without an end has no due time');

SELECT lives_ok($$ SELECT workflow.archive('welcome', true, '') $$, 'semantics 11: archive by force');
SELECT results_eq($$ SELECT name FROM logged WHERE kind = 'p' ORDER BY id $$, $$ VALUES ('resume'), ('archive') $$, 'appends an event');
SELECT throws_ok($$ SELECT workflow.archive('welcome', false, '') $$, 'WF007', NULL, 'an archived one is archived');
SELECT throws_ok($$ SELECT workflow.save_draft('welcome', pg_temp.definition(), '') $$, 'WF007', NULL, 'and takes no draft');
SELECT throws_ok($$ SELECT workflow.publish('welcome', account => '') $$, 'WF007', NULL, 'nor is it published');

-- Templates
SELECT is(workflow.put_template('hello', 'email', 'Hi {{ contact.name }}', 'Body'), 1, 'A31: a template has versions');
SELECT is(workflow.put_template('hello', 'email', 'Hi', 'Body'), 2, 'the next one');
SELECT is(workflow.put_template('hello', 'email', 'Halo', 'Isi', 'id'), 1, 'each locale has its own');
SELECT throws_ok($$ SELECT workflow.put_template('hello', 'email', '{{ a', E'x\n{% if %}', data => '{"parameters": ["ok", "{{ }"]}') $$, 'WF009', NULL, 'a template with errors is refused');
SELECT matches((SELECT detail FROM pg_temp.raised($$ SELECT workflow.put_template('hello', 'email', '{{ a', E'x\n{% if %}') $$)),
               '^subject: line 1: .*\nbody: line 2: ', 'with the text, the line and a sentence for each');
SELECT throws_ok($$ SELECT workflow.put_template('hello@2', 'email', NULL, 'x') $$, '22023', NULL, 'a name has no version in it');
SELECT throws_ok($$ SELECT workflow.put_template('hello', 'email', NULL, NULL) $$, '22004', NULL, 'a template has a text');
SELECT is(workflow.render('Hi {{ contact.name | default: "you" }}', '{"contact": {"name": "Ann"}}') || workflow.render('{{ contact.name | default: "you" }}', '{}'), 'Hi Annyou', 'render');
SELECT throws_ok($$ SELECT workflow.render('{{ a', '{}') $$, 'WF009', NULL, 'render refuses a wrong template');
SELECT throws_ok($$ SELECT workflow.render('x', '[]') $$, '22023', NULL, 'data is an object');

-- Accounts and schemas
SELECT lives_ok($$ SELECT workflow.set_account('acme', '{"timezone": "Asia/Jakarta", "sender": {"name": "Acme"}}') $$, 'B03: an account has a zone');
SELECT throws_ok($$ SELECT workflow.set_account('acme', '{"timezone": "Asia/Jakart"}') $$, '22023', NULL, 'B03: a known one');
SELECT throws_ok($$ SELECT workflow.set_account('acme', '{"timzone": "UTC"}') $$, '22023', 'an account has no setting "timzone"', 'unknown keys are refused');
SELECT is(workflow.schema('definition')->>'$schema', 'https://json-schema.org/draft/2020-12/schema', 'the schema of a definition');

SELECT * FROM finish();
ROLLBACK;

-- Scenarios of messages and leaving: replies, opt-outs, goals, several records, imports, and why somebody did not enter (semantics 4, 5, 8, 19, 20, 21, 22).
BEGIN;
SELECT plan(47);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';

CREATE TABLE msg_contacts (id int PRIMARY KEY, email text, ok boolean DEFAULT true, deleted_at timestamptz, wants boolean NOT NULL DEFAULT true);
CREATE TABLE msg_deals (id int PRIMARY KEY, contact_id int, stage text, owner_mail text);
SELECT FROM workflow.attach('msg_contacts', '{"entity": "contact", "live": {"field": "deleted_at", "operator": "null"},
  "consent": {"category": "marketing", "allowed_when": {"field": "wants", "operator": "=", "value": true}}}');
SELECT FROM workflow.attach('msg_deals', '{"entity": "opportunity", "contact": "contact_id"}');
INSERT INTO msg_contacts SELECT n, 'c' || n || '@x.test' FROM generate_series(1, 60) n;
CREATE FUNCTION pg_temp.publish(name text, rest text, triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb) || rest::jsonb);
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.states(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step || ' ' || o.state, ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.reason(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(coalesce(e.reason, e.state), ', ' ORDER BY e.entry_number) FROM workflow.enrollments e WHERE e.workflow = name AND e.contact_key = contact
$$;

-- A reply while the next message is pending, claimed, sent.
SELECT pg_temp.publish('talk', '{"settings": {"stop_on_response": "workflow"}, "steps": [{"id": "one", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "1 day"},
  {"id": "two", "type": "send", "channel": "email", "body": "y"}, {"id": "v", "type": "wait", "for": "1 day"}, {"id": "three", "type": "send", "channel": "email", "body": "z"}]}');
-- 1, 4, 5 half an hour after the others.
SELECT workflow.enroll('talk', n::text) FROM generate_series(2, 3) n;
SELECT workflow.tick('2025-06-02 09:00Z');
SELECT workflow.enroll('talk', n::text) FROM unnest('{1,4}'::int[]) n;
SELECT workflow.tick('2025-06-02 09:30Z');
SELECT workflow.enroll('talk', '5');
SELECT workflow.tick('2025-06-02 10:00Z');
SELECT workflow.ack(t) FROM (SELECT DISTINCT c.token AS t FROM workflow.claim('email', 10) c) k;
SELECT workflow.tick('2025-06-03 09:00Z');
CREATE FUNCTION pg_temp.claim_all() RETURNS TABLE (contact text, token uuid, id bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT c.contact_key, c.token, c.id FROM workflow.claim('email', 10, '1 day') c;
END $$;
CREATE TEMP TABLE held AS SELECT * FROM pg_temp.claim_all();
SELECT workflow.ack(h.token, ARRAY[h.id]) FROM held h WHERE h.contact = '3';
SELECT workflow.tick('2025-06-03 09:30Z');
-- 1: two is pending, and nobody has ever claimed it; 2: two is claimed; 3: two is sent; 4: nobody answers; 5: two is not written yet.
SELECT is(pg_temp.states('talk', '1') || '; ' || pg_temp.states('talk', '2') || '; ' || pg_temp.states('talk', '3') || '; ' || pg_temp.states('talk', '5'),
  'one sent, two ready; one sent, two leased; one sent, two sent; one sent', 'scenario 9: pending, claimed, sent, and not written');
SELECT workflow.reply('email', 'c' || n || '@x.test') FROM unnest('{1,2,3,5}'::int[]) n;
SELECT workflow.tick('2025-06-03 10:00Z');
SELECT is(pg_temp.reason('talk', '1') || pg_temp.reason('talk', '2') || pg_temp.reason('talk', '3') || pg_temp.reason('talk', '4') || pg_temp.reason('talk', '5'), 'responseresponseresponsewaitingresponse', 'scenario 9, semantics 20, B07: an answer ends it in the round that reads it');
SELECT results_eq($$ SELECT h.contact_key, h.step, h.detail ~ '^message [0-9]+ \(email\) is with a sender$' FROM workflow.history h WHERE h.what = 'not_recallable' $$, $$ VALUES ('2', 'two', true) $$,
  'scenario 9, semantics 20: a claimed one is reported as not recallable');
SELECT lives_ok($$ SELECT workflow.ack(h.token, ARRAY[h.id]) FROM held h WHERE h.contact = '2' $$, 'scenario 9: the sender who holds it says what became of it');
SELECT is((SELECT array_agg(c.contact_key) FROM workflow.claim('email', 10) c WHERE c.contact_key IN ('1', '4')), '{4}', 'scenario 9: what was pending is not handed out');
SELECT is(pg_temp.states('talk', '1'), 'one sent, two cancelled', 'scenario 9, semantics 20: it is cancelled');
SELECT is(pg_temp.states('talk', '2'), 'one sent, two sent', 'scenario 9: which counts');
SELECT is(pg_temp.states('talk', '5'), 'one sent', 'scenario 9, semantics 20: what was due in the round that read the answer is not written');
SELECT workflow.tick('2025-06-05 09:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'talk' AND o.step = 'three'), 1::bigint, 'scenario 9: nothing more is written to who answered');

-- Unsubscribed between writing and claiming.
SELECT pg_temp.publish('news', '{"steps": [{"id": "one", "type": "send", "channel": "email", "body": "x"}, {"id": "w", "type": "wait", "for": "1 day"}, {"id": "two", "type": "send", "channel": "email", "body": "y"}]}');
SELECT pg_temp.publish('bill', '{"settings": {"category": "transactional"}, "steps": [{"id": "one", "type": "send", "channel": "email", "body": "x"}]}');
SELECT workflow.enroll(w, n::text) FROM generate_series(11, 13) n, unnest('{news,bill}'::text[]) w;
SELECT workflow.tick('2025-06-06 09:00Z');
SELECT workflow.suppress(contact => '11', channel => 'email', reason => 'unsubscribe');
SELECT workflow.suppress(address => 'c12@x.test', reason => 'bounce');
SELECT bag_eq($$ SELECT c.contact_key, c.workflow FROM workflow.claim('email', 20) c WHERE c.contact_key IN ('11', '12', '13') $$, $$ VALUES ('11', 'bill'), ('13', 'bill'), ('13', 'news') $$,
  'scenario 14, semantics 21, 22: a message written before the opt-out is not handed out; a bounced address gets nothing, an opted-out one its bill');
SELECT is(pg_temp.states('news', '11') || ', ' || pg_temp.states('news', '12') || ', ' || pg_temp.states('bill', '12'), 'one suppressed, one suppressed, one suppressed', 'scenario 14: it gets its outcome there');
SELECT workflow.tick('2025-06-07 09:00Z');
SELECT is(pg_temp.reason('news', '11'), 'unsubscribed', 'scenario 14, semantics 22: and marketing ends with unsubscribed at the next message');
SELECT is(pg_temp.states('news', '11'), 'one suppressed, two suppressed', 'scenario 14, semantics 22: a stopped message has the outcome suppressed');

-- The same by the CRM's own column, and by what a provider reports of the message before.
SELECT workflow.enroll('news', n::text) FROM generate_series(15, 17) n;
SELECT workflow.tick('2025-06-08 09:00Z');
CREATE TEMP TABLE first AS SELECT c.contact_key, c.id, c.token FROM workflow.claim('email', 20) c WHERE c.workflow = 'news';
SELECT workflow.ack(t.token) FROM (SELECT DISTINCT f.token FROM first f) t;
SELECT workflow.tick('2025-06-09 09:00Z');
SELECT is(pg_temp.states('news', '15') || '; ' || pg_temp.states('news', '16') || '; ' || pg_temp.states('news', '17'), 'one sent, two ready; one sent, two ready; one sent, two ready', 'three are written');
UPDATE msg_contacts SET wants = false WHERE id = 15;
SELECT workflow.receipt(f.id, 'unsubscribed', '2025-06-09 09:00Z') FROM first f WHERE f.contact_key = '16';
SELECT workflow.tick('2025-06-09 09:01Z');
SELECT is((SELECT array_agg(c.contact_key) FROM workflow.claim('email', 20) c WHERE c.workflow = 'news'), '{17}', 'scenario 14, semantics 21: nor where the CRM''s column says so, or the provider has reported it');
SELECT is((SELECT string_agg(o.contact_key || ': ' || o.state || ', ' || o.reason, '; ' ORDER BY o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'news' AND o.step = 'two' AND o.contact_key IN ('15', '16')),
  '15: suppressed, no consent in public.msg_contacts; 16: suppressed, the contact has opted out: unsubscribe', 'scenario 14: with the reason');

-- A goal before entry, during a wait, after the end inside and outside the window.
SELECT pg_temp.publish('sale', '{"goals": [{"id": "bought", "on": "t.paid", "then": "exit", "count_within": "30 days", "count_after_exit": "3 days"}], "steps": [{"id": "w", "type": "wait", "for": "10 days"}]}');
SELECT pg_temp.publish('vip', '{"goals": [{"id": "is_ok", "if": {"field": "contact.ok", "operator": "=", "value": true}}], "steps": [{"id": "w", "type": "wait", "for": "10 days"}]}');
UPDATE msg_contacts SET ok = false WHERE id = 22;
SELECT workflow.tick('2025-07-01 09:00Z');
SELECT workflow.emit('t.paid', '21');
SELECT workflow.tick('2025-07-01 09:00Z');
SELECT workflow.enroll('sale', n::text) FROM generate_series(21, 24) n;
SELECT workflow.enroll('vip', n::text) FROM generate_series(21, 22) n;
SELECT workflow.tick('2025-07-01 10:00Z');
SELECT is(pg_temp.reason('sale', '21'), 'waiting', 'scenario 16, semantics 19: what happened before entry reaches no goal that listens');
SELECT is(pg_temp.reason('vip', '21'), NULL, 'scenario 16: who meets a goal by condition does not enter');
SELECT is((SELECT r.reason FROM workflow.refusals r WHERE r.workflow = 'vip'), 'goal_met', 'scenario 16, 18: and is refused as goal_met');
UPDATE msg_contacts SET ok = true WHERE id = 22;
SELECT workflow.emit('t.paid', '22');
SELECT workflow.tick('2025-07-02 10:00Z');
SELECT is(pg_temp.reason('sale', '22') || pg_temp.reason('vip', '22'), 'goalgoal', 'scenario 16, C22: during a wait it exits');
SELECT workflow.tick('2025-07-11 10:00Z');
SELECT is(pg_temp.reason('sale', '23') || pg_temp.reason('sale', '24'), 'completedcompleted', 'two have ended without');
SELECT workflow.tick('2025-07-13 10:00Z');
SELECT workflow.emit('t.paid', '23');
SELECT workflow.tick('2025-07-13 10:00Z');
SELECT workflow.tick('2025-07-15 10:00Z');
SELECT workflow.emit('t.paid', '24');
SELECT workflow.tick('2025-07-15 10:00Z');
SELECT results_eq($$ SELECT g.contact_key, g.counted FROM workflow.goals_reached g WHERE g.workflow = 'sale' ORDER BY g.contact_key $$, $$ VALUES ('22', true), ('23', true) $$,
  'scenario 16, semantics 19: after the end it counts inside the window, not outside');
SELECT results_eq($$ SELECT g.entries, g.reached, g.rate FROM workflow.goals('sale') g $$, 'VALUES (4::bigint, 2::bigint, 0.5000)', 'scenario 16, C24: the rate says so');

-- One contact with two opportunities.
SELECT pg_temp.publish('deal', '{"settings": {"entry_key": "opportunity"}, "steps": [{"id": "w", "type": "wait", "for": "1 day"}, {"id": "s", "type": "send", "channel": "email", "body": "{{ opportunity.id }}"}]}', '[{"on": "opportunity.created"}]');
SELECT pg_temp.publish('person', '{"settings": {"entry_key": "contact"}, "steps": [{"id": "w", "type": "wait", "for": "1 day"}, {"id": "s", "type": "send", "channel": "email", "body": "{{ opportunity.id }}"}]}', '[{"on": "opportunity.created"}]');
INSERT INTO msg_deals VALUES (1, 31, 'new'), (2, 31, 'new'), (3, 32, 'new'), (4, 32, 'new');
SELECT workflow.tick('2025-07-16 10:00Z');
SELECT results_eq($$ SELECT e.workflow, count(*) FROM workflow.enrollments e WHERE e.contact_key = '31' GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('deal', 2::bigint), ('person', 1) $$,
  'scenario 17, B06, semantics 4: one live enrollment per opportunity, or per contact');
DELETE FROM msg_deals WHERE id = 1;
SELECT workflow.tick('2025-07-16 11:00Z');
SELECT workflow.tick('2025-07-17 10:00Z');
SELECT is((SELECT string_agg(o.body, ',') FROM workflow.outbox o WHERE o.workflow = 'deal' AND o.contact_key = '31'), '2', 'scenario 17: the one lost ends, the other goes on');
SELECT bag_eq($$ SELECT o.workflow || ' ' || o.body FROM workflow.outbox o WHERE o.contact_key = '32' $$, $$ VALUES ('deal 3'), ('deal 4'), ('person 3') $$, 'scenario 17: of two that live each has its message, or the contact has one');
SELECT is((SELECT count(DISTINCT o.idempotency_key) FROM workflow.outbox o WHERE o.contact_key IN ('31', '32')), (SELECT count(*) FROM workflow.outbox o WHERE o.contact_key IN ('31', '32')), 'scenario 17, semantics 24: each message has its own key');

-- Why somebody did not enter.
CREATE TABLE msg_notes (id int PRIMARY KEY, contact_id int, kind text, ref text);
SELECT FROM workflow.attach('msg_notes', '{"entity": "note", "contact": "contact_id"}');
SELECT pg_temp.publish('twice', '{"settings": {"entry_key": "contact", "reentry": "never"}, "steps": [{"type": "wait", "for": "1 day"}]}', '[{"on": "note.created"}]');
SELECT pg_temp.publish('cool', '{"settings": {"entry_key": "contact", "reentry": "after_exit", "cooldown": "7 days"}, "steps": [{"type": "stop"}]}', '[{"on": "note.created"}]');
SELECT pg_temp.publish('keyed', '{"settings": {"entry_key": ["note.ref"]}, "steps": [{"type": "stop"}]}', '[{"on": "note.created"}]');
SELECT pg_temp.publish('asks', '{"settings": {"entry_key": "contact"}, "steps": [{"type": "stop"}]}', '[{"on": "note.created", "filter": {"field": "contact.ok", "operator": "=", "value": false}}]');
SELECT pg_temp.publish('rests', '{"settings": {"entry_key": "contact"}, "steps": [{"type": "stop"}]}', '[{"on": "note.created"}]');
CREATE FUNCTION pg_temp.refused(name text, contact text = '41') RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(r.reason, ',' ORDER BY r.at, r.reason) FROM workflow.refusals r WHERE r.workflow = name AND coalesce(r.contact_key, contact) = contact
$$;
SELECT workflow.pause('rests');
INSERT INTO msg_notes VALUES (1, 41, 'x', NULL);
SELECT workflow.tick('2025-08-01 10:00Z');
INSERT INTO msg_notes VALUES (2, 41, 'x', NULL);
SELECT workflow.tick('2025-08-01 11:00Z');
SELECT is(pg_temp.refused('twice'), 'already_live', 'scenario 18, semantics 5: already_live');
SELECT is(pg_temp.refused('cool'), 'cooldown', 'scenario 18: cooldown');
SELECT is(pg_temp.refused('keyed'), 'no_entry_key,no_entry_key', 'scenario 18: no_entry_key');
SELECT is(pg_temp.refused('asks'), 'filter,filter', 'scenario 18: filter, its deferred part');
SELECT is(pg_temp.refused('rests'), 'paused,paused', 'scenario 18: paused');
SELECT workflow.tick('2025-08-02 11:00Z');
INSERT INTO msg_notes VALUES (3, 41, 'x', NULL);
SELECT workflow.tick('2025-08-02 12:00Z');
SELECT is(pg_temp.refused('twice'), 'already_live,reentry', 'scenario 18: reentry');
INSERT INTO msg_notes VALUES (4, 41, 'x', NULL);
SELECT workflow.archive('twice');
SELECT workflow.tick('2025-08-02 13:00Z');
SELECT is(pg_temp.refused('twice'), 'already_live,reentry,archived', 'scenario 18: archived');
UPDATE msg_contacts SET deleted_at = now() WHERE id = 42;
INSERT INTO msg_notes VALUES (5, 42, 'x', 'r');
SELECT workflow.tick('2025-08-02 14:00Z');
SELECT is(pg_temp.refused('cool', '42'), 'not_live', 'scenario 18: not_live');
INSERT INTO msg_notes VALUES (6, 999, 'x', 'r');
SELECT workflow.tick('2025-08-02 15:00Z');
SELECT is((SELECT array_agg(DISTINCT r.reason) FROM workflow.refusals r WHERE r.row_key = '6'), '{unresolved_contact}', 'scenario 18: unresolved_contact, of a row that names nobody');
SELECT workflow.enroll('cool', '43', event_id => 'one'), workflow.enroll('cool', '43', event_id => 'one');
SELECT workflow.tick('2025-08-02 16:00Z');
SELECT is(pg_temp.refused('cool', '43'), 'duplicate_event', 'scenario 18, semantics 3: duplicate_event');
SELECT is((SELECT x->>'reason' FROM jsonb_array_elements(workflow.result(workflow.enroll('cool', '43', event_id => 'one'))->'refusals') x LIMIT 1), 'duplicate_event', 'scenario 18: and result() of the event says so');
SELECT is(workflow.result(workflow.event_uuid('', 'one'))->>'enrollment', (SELECT e.enrollment::text FROM workflow.enrollments e WHERE e.workflow = 'cool' AND e.contact_key = '43'), 'scenario 18, semantics 3: with its first enrollment');
SELECT pg_temp.publish('self', '{"settings": {"reentry": "every_event"}, "steps": [{"type": "emit", "event": "t.self"}]}', '[{"on": "t.self"}]');
SELECT workflow.emit('t.self', '44');
SELECT workflow.tick('2025-08-02 17:00Z'), workflow.tick('2025-08-02 17:01Z');
SELECT is(pg_temp.refused('self', '44'), 'loop', 'scenario 18, semantics 7: loop');
SELECT set_eq('SELECT DISTINCT r.reason FROM workflow.refusals r', $$ SELECT unnest('{already_live,reentry,cooldown,duplicate_event,goal_met,loop,paused,archived,unresolved_contact,not_live,no_entry_key,filter}'::text[]) $$,
  'scenario 18, semantics 5: every kind there is');
SELECT is((SELECT string_agg(DISTINCT r.reason, ', ') FROM workflow.refusals r WHERE r.contact_key IS NOT NULL
    AND NOT EXISTS (SELECT FROM workflow.explain(r.workflow, r.contact_key) e WHERE e.what = 'refused: ' || r.reason AND e.why LIKE '%' || workflow.refusal_sentence(r.reason) || '%')), NULL,
  'scenario 18, A36: and explain() tells each in a sentence');

-- An import of rows under a tag.
SELECT pg_temp.publish('imported', '{"settings": {"entry_key": "contact", "reentry": "never"}, "steps": [{"id": "s", "type": "send", "channel": "email", "body": "x"}]}',
  '[{"on": "contact.created", "filter": {"field": "contact.email", "operator": "notNull"}}]');
INSERT INTO msg_contacts VALUES (100, 'early@x.test');
SELECT workflow.tick('2025-09-01 09:00Z');
SET LOCAL pg_workflow.capture = 'tag:import';
INSERT INTO msg_contacts SELECT n, CASE WHEN n % 10 = 0 THEN NULL ELSE 'i' || n || '@x.test' END FROM generate_series(1001, 1100) n;
UPDATE msg_contacts SET email = 'other@x.test' WHERE id = 100;
SET LOCAL pg_workflow.capture = 'on';
SELECT workflow.tick('2025-09-01 10:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'imported'), 1::bigint, 'scenario 19, semantics 8: an import under a tag enrolls nobody');
SELECT is(workflow.enroll_existing('imported', import => 'import'), 90::bigint, 'scenario 19: it is counted first, by the filter, and without who was in already');
SELECT workflow.tick('2025-09-01 11:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'imported'), 1::bigint, 'scenario 19: which changes nothing');
SELECT workflow.enroll_existing('imported', import => 'import', dry_run => false);
SELECT workflow.tick('2025-09-01 12:00Z'), workflow.tick('2025-09-01 12:05Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'imported'), 91::bigint, 'scenario 19: then each of them is let in, once');
SELECT is(workflow.enroll_existing('imported', import => 'import'), 0::bigint, 'scenario 19, semantics 4: re-entry is obeyed');

SELECT * FROM finish();
ROLLBACK;

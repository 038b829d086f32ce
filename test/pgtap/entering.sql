-- Who enters, and why others do not: one live enrollment per key, re-entry, ids of events, refusals. A test that two transactions are needed for
-- has its events written by a tick of a halted database: that captures, and reads nothing.
BEGIN;
SELECT plan(75);
SET LOCAL client_min_messages = error;
CREATE SCHEMA entering;
SET LOCAL search_path = entering, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, email text, stage text, points int, gone boolean NOT NULL DEFAULT false);
CREATE TABLE orders (id int PRIMARY KEY, contact_id int, status text, total numeric, ref text, paid_at timestamptz);
SELECT FROM workflow.attach('contacts', jsonb_build_object('entity', 'contact', 'live', '{"field": "gone", "operator": "=", "value": false}'::jsonb, 'events',
  (SELECT jsonb_object_agg('contact.points_' || n, jsonb_build_object('once', true, 'when', jsonb_build_object('field', 'points', 'operator', 'changedTo', 'value', n)))
     FROM generate_series(1, 19) n)));
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"], "events": {
  "order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}},
  "order.shipped": {"once": false, "when": {"field": "status", "operator": "changedTo", "value": "shipped"}}}}');
INSERT INTO contacts SELECT n, 'Contact ' || n, n || '@example.test', CASE WHEN n = 4 THEN 'vip' ELSE 'lead' END FROM generate_series(1, 9) n;

-- A workflow of one event, or of several; who is inside stays for a day.
CREATE FUNCTION pg_temp.publish(name text, triggers jsonb, settings jsonb = '{"entry_key": "contact"}',
                                steps jsonb = '[{"id": "stay", "type": "wait", "for": "1 day"}]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  IF jsonb_typeof(triggers) = 'string' THEN triggers := jsonb_build_array(jsonb_build_object('on', triggers)); END IF;
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps));
  RETURN workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.now(days numeric) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2031-03-03 10:00Z' + days * interval '1 day' $$;
CREATE FUNCTION pg_temp.tick(days numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(pg_temp.now(days)) $$;
-- "entry key/number: reason" of each entry of a workflow.
CREATE FUNCTION pg_temp.entries(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s/%s: %s', entry_key, entry_number, coalesce(nullif(reason, ''), 'live')), ', ' ORDER BY entry_key, entry_number)
    FROM workflow.enrollments WHERE workflow = name $$;
CREATE FUNCTION pg_temp.refused(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s %s', row_key, reason), ', ' ORDER BY at, row_key, reason) FROM workflow.refusals WHERE workflow = name $$;
-- Captures what this transaction has changed so far, and reads none of it.
CREATE FUNCTION pg_temp.capture() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.halt();
  PERFORM workflow.tick(pg_temp.now(0));
  PERFORM workflow.resume_all();
END $$;
SELECT pg_temp.tick(0);

-- semantics 4: one live enrollment per key, and what comes after it
SELECT pg_temp.publish('never', '"a.never"', '{"entry_key": "contact", "reentry": "never"}');
SELECT pg_temp.publish('again', '"a.again"', '{"entry_key": "contact", "reentry": "after_exit"}');
SELECT pg_temp.publish('every', '"a.every"', '{"entry_key": "contact", "reentry": "every_event"}');
SELECT pg_temp.publish('cool', '"a.cool"', '{"entry_key": "contact", "reentry": "after_exit", "cooldown": "36 hours"}');
SELECT pg_temp.publish('plain', '"a.plain"');
CREATE FUNCTION pg_temp.emit_all() RETURNS void LANGUAGE sql AS $$
  SELECT workflow.emit('a.' || name, '1') FROM unnest('{never,again,every,cool,plain}'::text[]) name $$;
SELECT pg_temp.emit_all(), pg_temp.tick(1);
SELECT is(pg_temp.entries(name), '1/1: live', 'semantics 4: the first event enrolls by ' || name) FROM unnest('{never,again,every,cool,plain}'::text[]) name;
SELECT pg_temp.emit_all(), pg_temp.tick(1.5);
SELECT is(pg_temp.entries(name), '1/1: live', 'semantics 4: one live enrollment per key by ' || name) FROM unnest('{never,again,every,cool,plain}'::text[]) name;
SELECT is(pg_temp.refused(name), '1 already_live', 'semantics 5: already_live is recorded by ' || name) FROM unnest('{never,again,every,cool,plain}'::text[]) name;
SELECT pg_temp.tick(2);
SELECT pg_temp.emit_all(), pg_temp.tick(2.5);
SELECT is(pg_temp.entries('never'), '1/1: completed', 'semantics 4: never enters again');
SELECT is(pg_temp.refused('never'), '1 already_live, 1 reentry', 'semantics 5: reentry is recorded');
SELECT is(pg_temp.refused('plain'), '1 already_live, 1 reentry', 'definition: never is the default of a contact key');
SELECT is(pg_temp.entries('again'), '1/1: completed, 1/2: live', 'semantics 4: after_exit enters again');
SELECT is(pg_temp.entries('every'), '1/1: completed, 1/2: live', 'semantics 4: every_event enters again');
SELECT is(pg_temp.entries('cool'), '1/1: completed', 'semantics 4: nobody enters while the cooldown lasts');
SELECT is(pg_temp.refused('cool'), '1 already_live, 1 cooldown', 'semantics 5: cooldown is recorded');
SELECT workflow.emit('a.cool', '1'), pg_temp.tick(3.499);
SELECT is(pg_temp.refused('cool'), '1 already_live, 1 cooldown, 1 cooldown', 'cooldown: counted from the end, not from the entry');
SELECT workflow.emit('a.cool', '1'), pg_temp.tick(3.5);
SELECT is(pg_temp.entries('cool'), '1/1: completed, 1/2: live', 'cooldown: over after exactly so long');
SELECT is((SELECT count(DISTINCT i.idempotency_key) FROM (SELECT enrollment AS idempotency_key FROM workflow.enrollments WHERE workflow = 'again') i), 2::bigint,
          'semantics 4: another entry is another enrollment');
SELECT pg_temp.tick(4);
SELECT workflow.unenroll('again', '1'), pg_temp.tick(4);
SELECT workflow.emit('a.again', '1'), pg_temp.tick(4.1);
SELECT workflow.unenroll('again', '1'), pg_temp.tick(4.2);
SELECT workflow.emit('a.again', '1'), pg_temp.tick(4.3);
SELECT is(pg_temp.entries('again'), '1/1: completed, 1/2: completed, 1/3: removed, 1/4: live', 'semantics 4: after_exit after removed');

-- semantics 3: an event id enters once
SELECT pg_temp.publish('ids', '"a.ids"', '{"entry_key": "contact", "reentry": "every_event"}', '[{"id": "m", "type": "send", "channel": "note", "body": "x"}]');
CREATE TEMP TABLE ids AS SELECT workflow.emit('a.ids', '1', event_id => 'e-1') AS first, workflow.emit('a.ids', '1', event_id => 'e-1') AS second;
SELECT is(first, second, 'semantics 3: emit again has the same id') FROM ids;
SELECT is((workflow.result(first) ->> 'pending')::boolean, true, 'semantics 3: pending before a round has read it') FROM ids;
SELECT pg_temp.tick(5);
SELECT is(pg_temp.entries('ids'), '1/1: completed', 'semantics 3: both in one round enter once');
SELECT is(pg_temp.refused('ids'), '1 duplicate_event', 'semantics 5: duplicate_event is recorded');
SELECT is(workflow.emit('a.ids', '1', '{"other": "data"}', 'e-1'), first, 'semantics 3: whatever else it says') FROM ids;
SELECT pg_temp.tick(6);
SELECT is(pg_temp.entries('ids'), '1/1: completed', 'semantics 3: nor does it enter in a later round');
SELECT is(r ->> 'enrollment', (SELECT enrollment::text FROM workflow.enrollments WHERE workflow = 'ids'), 'semantics 3: result gives the first enrollment')
  FROM ids, workflow.result(first) r;
SELECT is(jsonb_build_array(r -> 'pending', r -> 'enrollments' -> 0 -> 'reason', jsonb_path_query_array(r, '$.refusals[*].reason')),
          '[false, "completed", ["duplicate_event", "duplicate_event"]]', 'semantics 3: and what became of the repeats') FROM ids, workflow.result(first) r;
SELECT is(workflow.enroll('ids', '2', event_id => 'n-1'), workflow.enroll('ids', '2', event_id => 'n-1'), 'semantics 3: enroll again has the same id');
SELECT workflow.emit('a.ids', '3'), workflow.emit('a.ids', '3'), pg_temp.tick(7);
SELECT is(pg_temp.entries('ids'), '1/1: completed, 2/1: completed, 3/1: completed, 3/2: completed', 'semantics 3: without an id every call is an event');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM workflow.outbox WHERE workflow = 'ids'), 4::bigint, 'semantics 24: each entry has its own message');

-- semantics 3: the id enters each workflow once, whoever gives it and whomever it names
SELECT pg_temp.publish('ids too', '[{"on": "a.ids"}, {"on": "manual"}]', '{"entry_key": "contact", "reentry": "every_event"}', '[{"type": "stop"}]');
CREATE TEMP TABLE ids_too AS SELECT workflow.enroll('ids too', '4', event_id => 'x-1') AS enrolled, workflow.emit('a.ids', '4', event_id => 'x-1') AS emitted, workflow.enroll('ids too', '5', event_id => 'x-1') AS another;
SELECT is(ARRAY[enrolled = emitted, enrolled = another], '{t,t}', 'semantics 3: enroll and emit derive the same id, of the account and event_id alone') FROM ids_too;
SELECT pg_temp.tick(7.1);
SELECT is(pg_temp.entries('ids too') || '; ' || pg_temp.entries('ids'), '4/1: stopped; 1/1: completed, 2/1: completed, 3/1: completed, 3/2: completed, 4/1: completed', 'semantics 3: it enters each workflow once');
SELECT is((SELECT jsonb_array_length(workflow.result(enrolled) -> 'enrollments') || ' ' || jsonb_array_length(workflow.result(enrolled) -> 'refusals') FROM ids_too), '2 2', 'semantics 3: result tells of all of them');

-- semantics 4: what a deletion has ended does not come again, though the events of a row under that key do
SELECT pg_temp.publish('back', '[{"on": "order.paid"}, {"on": "order.shipped"}]', '{"reentry": "after_exit"}');
INSERT INTO orders VALUES (71, 1, 'new', 1, 'x', now()), (72, 1, 'new', 1, 'x', now());
SELECT pg_temp.tick(7.2);
DELETE FROM orders WHERE id = 71;
SELECT pg_temp.tick(7.3);
INSERT INTO orders VALUES (71, 1, 'shipped', 1, 'x', now());
SELECT pg_temp.tick(7.4);
SELECT is(pg_temp.entries('back') || '; ' || pg_temp.refused('back'), '71/1: record_deleted, 72/1: live; 71 reentry, 71 reentry', 'semantics 4: never after record_deleted');
DELETE FROM orders;
SELECT pg_temp.tick(7.5);

-- semantics 5: refusals
SELECT workflow.emit('a.plain', '99'), pg_temp.tick(8);
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'plain' AND row_key = '99'), 'unresolved_contact', 'semantics 5: unresolved_contact');
UPDATE contacts SET gone = true WHERE id = 9;
SELECT workflow.emit('a.plain', '9'), pg_temp.tick(8);
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'plain' AND row_key = '9'), 'not_live', 'semantics 5: not_live, the contact is not');
SELECT workflow.pause('plain');
SELECT workflow.emit('a.plain', '2'), pg_temp.tick(8);
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'plain' AND row_key = '2'), 'paused', 'semantics 5, 11: paused');
SELECT workflow.resume('plain'), pg_temp.tick(8);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'plain' AND contact_key = '2'), 0::bigint, 'semantics 11: what was refused while paused does not enter afterwards');
SELECT workflow.emit('a.plain', '3'), workflow.archive('plain'), pg_temp.tick(8);
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'plain' AND row_key = '3'), 'archived', 'semantics 5, 11: archived');

SELECT pg_temp.publish('keyed', '"order.paid"', '{"entry_key": ["order.ref"]}');
SELECT pg_temp.publish('vips', '[{"on": "order.paid", "filter": {"field": "contact.stage", "operator": "=", "value": "vip"}}]', '{}');
SELECT pg_temp.publish('large', '[{"on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 100}}]', '{}');
INSERT INTO orders VALUES (1, 3, 'new', 50, NULL, now()), (2, 4, 'new', 150, 'B', now()), (3, 9, 'new', 500, 'C', now()), (4, 5, 'new', NULL, 'B', now());
SELECT pg_temp.tick(9);
SELECT is(pg_temp.refused('keyed'), '1 no_entry_key, 3 not_live', 'semantics 5: no_entry_key, where a field of it is null');
SELECT is(pg_temp.entries('keyed'), 'B/1: live, B/1: live', 'semantics 4: one value of a field is a key for each contact');
SELECT is(pg_temp.refused('vips'), '1 filter, 3 not_live, 4 filter', 'semantics 5: filter, its part about another row, decided after commit');
SELECT is(pg_temp.entries('vips'), '2/1: live', 'semantics 1: where that is true, it enrolls');
SELECT is(pg_temp.refused('large'), '3 not_live', 'semantics 5: what the row alone turns away is not recorded');
SELECT is(pg_temp.entries('large'), '2/1: live', 'definition: events of an order enter by the order');

-- semantics 7: a chain of workflows ends
SELECT pg_temp.publish('chain ' || n, format('[{"on": "contact.points_%s"}]', n)::jsonb, '{"reentry": "every_event"}',
                       '[{"id": "more", "type": "set", "contact": {"points": {"add": 1}}}]') FROM generate_series(1, 19) n;
UPDATE contacts SET points = 1 WHERE id = 8;
SELECT pg_temp.tick(9 + n / 100.0) FROM generate_series(1, 20) n;
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow LIKE 'chain %'), 17::bigint, 'semantics 7: a chain goes 16 deep');
SELECT is((SELECT array_agg(event_name || ' ' || reason) FROM workflow.refusals WHERE workflow LIKE 'chain %'), '{"contact.points_18 loop"}', 'semantics 7: and is then refused as a loop');

-- Several triggers, several keys
SELECT pg_temp.publish('two', '[{"on": "order.paid", "filter": {"field": "order.total", "operator": "<", "value": 10}}, {"on": "order.paid", "filter":
  {"field": "contact.stage", "operator": "=", "value": "lead"}}, {"on": "order.shipped"}]', '{}');
SELECT pg_temp.publish('customers', '[{"on": "order.paid"}, {"on": "a.customer"}]', '{"entry_key": "contact", "reentry": "after_exit"}');
INSERT INTO orders VALUES (11, 6, 'new', 20, 'x', now()), (12, 6, 'shipped', 5, 'x', now()), (13, 4, 'new', 20, 'x', now()), (14, 4, 'shipped', 20, 'x', NULL);
SELECT pg_temp.tick(10);
SELECT is(pg_temp.entries('two'), '11/1: live, 12/1: live, 14/1: live', 'semantics 1: any of the triggers enrolls');
SELECT is(pg_temp.refused('two'), '12 already_live, 13 filter', 'semantics 4: two triggers of one key enroll once; none is true: one refusal');
SELECT is((SELECT array_agg(event_name ORDER BY entry_key::int) FROM workflow.enrollments WHERE workflow = 'two'), '{order.paid,order.paid,order.shipped}', 'by the event that came first');
SELECT is(pg_temp.entries('customers'), '4/1: live, 6/1: live', 'semantics 4: by contact, however many orders');
SELECT is(pg_temp.refused('customers'), '12 already_live', 'semantics 5: the second order of the same contact');

-- Several events of one contact in one batch, each of which is through at once
CREATE FUNCTION pg_temp.through(name text, reentry text) RETURNS integer LANGUAGE sql AS $$
  SELECT pg_temp.publish(name, '"order.paid"', jsonb_build_object('entry_key', 'contact', 'reentry', reentry),
                         '[{"id": "thanks", "type": "send", "channel": "note", "body": "Order {{ order.id }}"}]') $$;
SELECT pg_temp.through('each', 'every_event'), pg_temp.through('after', 'after_exit'), pg_temp.through('once', 'never');
INSERT INTO orders SELECT n, 7, 'new', n, 'x', now() FROM generate_series(21, 23) n;
SELECT pg_temp.tick(11);
SELECT is(pg_temp.entries('each'), '7/1: completed, 7/2: completed, 7/3: completed', 'semantics 4: every_event, each of them through at once: all enter');
SELECT is((SELECT string_agg(body, ', ' ORDER BY id) FROM workflow.outbox WHERE workflow = 'each'), 'Order 21, Order 22, Order 23', 'semantics 24: each with its own row, in their order');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM workflow.outbox WHERE workflow = 'each'), 3::bigint, 'semantics 24: and a key of its own');
SELECT is(pg_temp.entries('after'), '7/1: completed, 7/2: completed, 7/3: completed', 'semantics 4: after_exit: each entered after the one before had ended');
SELECT is(pg_temp.entries('once'), '7/1: completed', 'semantics 4: never: one');
SELECT is(pg_temp.refused('once'), '22 reentry, 23 reentry', 'semantics 5: the others are refused');

-- attach 5: as long as the row lives
UPDATE orders SET paid_at = NULL WHERE id = 21;
SELECT pg_temp.tick(12);
UPDATE orders SET paid_at = now() WHERE id = 21;
SELECT pg_temp.tick(12);
SELECT is(pg_temp.entries('each'), '7/1: completed, 7/2: completed, 7/3: completed', 'attach 5: a once event does not come again');
DELETE FROM orders WHERE id = 21;
SELECT pg_temp.tick(13);
INSERT INTO orders VALUES (21, 7, 'new', 21, 'x', now());
SELECT pg_temp.tick(13);
SELECT is(pg_temp.entries('each'), '7/1: completed, 7/2: completed, 7/3: completed, 7/4: completed', 'attach 5: deleted and inserted anew, it is another row');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'two' AND entry_key = '21'), 2::bigint, 'semantics 4: and its key may enter again');
DELETE FROM orders WHERE id = 22;
INSERT INTO orders VALUES (22, 7, 'new', 22, 'x', now());
SELECT pg_temp.tick(14);
SELECT is(pg_temp.entries('each'), '7/1: completed, 7/2: completed, 7/3: completed, 7/4: completed', 'semantics 2: deleted and inserted in one transaction it is the same row');

-- attach 11: all rows went at once
TRUNCATE orders;
SELECT pg_temp.tick(15);
INSERT INTO orders SELECT n, 7, 'new', n, 'x', now() FROM generate_series(21, 22) n;
SELECT pg_temp.tick(15);
SELECT is(pg_temp.entries('each'), '7/1: completed, 7/2: completed, 7/3: completed, 7/4: completed, 7/5: completed, 7/6: completed',
          'attach 11: after TRUNCATE the same keys are other rows');
TRUNCATE orders;
INSERT INTO orders SELECT n, 7, 'new', n, 'x', now() FROM generate_series(21, 22) n;
SELECT pg_temp.tick(15);
SELECT is((SELECT max(entry_number) FROM workflow.enrollments WHERE workflow = 'each'), 8, 'attach 11: in one transaction, too');

-- semantics 9: captured by one version, read after another was published
SELECT pg_temp.publish('versions', '"order.shipped"', '{}', '[{"id": "one", "type": "send", "channel": "note", "body": "first"}]');
INSERT INTO orders VALUES (31, 7, 'shipped');
SELECT pg_temp.capture();
SELECT workflow.save_draft('versions', '{"triggers": [{"on": "order.shipped"}], "steps": [{"id": "two", "type": "send", "channel": "note", "body": "second"}]}');
SELECT workflow.publish('versions');
INSERT INTO orders VALUES (32, 7, 'shipped');
SELECT pg_temp.tick(16);
SELECT is((SELECT string_agg(entry_key || ' version ' || version, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'versions'), '31 version 1, 32 version 2',
          'semantics 9: an event enters by the version that was published when it came');
SELECT is((SELECT string_agg(body, ', ' ORDER BY id) FROM workflow.outbox WHERE workflow = 'versions'), 'first, second', 'semantics 9: steps and all');
INSERT INTO orders VALUES (33, 7, 'shipped');
SELECT pg_temp.capture();
SELECT workflow.save_draft('versions', '{"triggers": [{"on": "order.shipped"}], "steps": [{"id": "three", "type": "send", "channel": "note", "body": "third"}]}');
SELECT workflow.publish('versions'), workflow.maintain();
SELECT pg_temp.tick(17);
SELECT is((SELECT string_agg(entry_key || ' version ' || version, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'versions' AND entry_key = '33'), '33 version 3',
          'semantics 1: where that version is retired by now, it enters by the published one');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'and none of all this was an error');

SELECT * FROM finish();
ROLLBACK;

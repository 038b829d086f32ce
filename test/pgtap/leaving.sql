-- How enrollments end, stand still and go on after errors.
BEGIN;
SELECT plan(91);
SET LOCAL client_min_messages = error;
CREATE SCHEMA leaving;
SET LOCAL search_path = leaving, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, renewal timestamptz, points int CHECK (points < 100), parts int, gone boolean NOT NULL DEFAULT false);
CREATE TABLE orders (id int PRIMARY KEY, contact_id int, eta timestamptz, deleted_at timestamptz);
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "live": {"field": "gone", "operator": "=", "value": false},
  "fields": {"share": {"sql": "SELECT 100 / row.parts", "type": "integer"}}}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"], "live": {"field": "deleted_at", "operator": "null"}}');
CREATE FUNCTION pg_temp.now(days numeric) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2031-03-03 10:00Z' + days * interval '1 day' $$;
CREATE FUNCTION pg_temp.tick(days numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(pg_temp.now(days)) $$;
-- A workflow: by default one waits for two days and then gets a message.
CREATE FUNCTION pg_temp.publish(name text, event text, wait jsonb = '{"for": "2 days"}', settings jsonb = '{"entry_key": "contact", "reentry": "after_exit"}', steps jsonb = NULL)
RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', event)), 'settings', settings, 'steps',
    coalesce(steps, jsonb_build_array(wait || '{"id": "stay", "type": "wait"}', '{"id": "done", "type": "send", "channel": "note", "body": "x"}'::jsonb))));
  RETURN workflow.publish(name);
END $$;
-- "entry key: how it stands, or why it ended" of each entry of a workflow.
CREATE FUNCTION pg_temp.ends(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s: %s', entry_key, coalesce(nullif(reason, ''), state)), ', ' ORDER BY entry_key::int, entry_number) FROM workflow.enrollments WHERE workflow = name $$;
CREATE FUNCTION pg_temp.due(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s: %s', entry_key, round(extract(epoch FROM due - pg_temp.now(0)) / 86400, 2)), ', ' ORDER BY entry_key::int) FROM workflow.enrollments WHERE workflow = name AND state = 'waiting' $$;
CREATE FUNCTION pg_temp.messages(name text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM workflow.outbox WHERE workflow = name $$;
INSERT INTO contacts SELECT n, 'Contact ' || n, pg_temp.now(30), 0, 1 FROM generate_series(1, 60) n;
SELECT pg_temp.tick(0);

-- unenroll
SELECT pg_temp.publish('removed', 'a.removed', '{"for": "2 days"}', '{"entry_key": "contact"}',
  '[{"id": "first", "type": "send", "channel": "removed", "body": "x"}, {"id": "stay", "type": "wait", "for": "2 days"}, {"id": "second", "type": "send", "channel": "removed", "body": "x"}]');
SELECT pg_temp.publish('other', 'a.removed');
SELECT workflow.emit('a.removed', n::text) FROM generate_series(1, 2) n;
SELECT pg_temp.tick(0);
SELECT workflow.unenroll('removed', '1', 'asked by phone'), workflow.unenroll('removed', '9'), workflow.unenroll('removed', 'nobody');
SELECT is(pg_temp.tick(0.1), 0, 'unenroll: whoever is named');
SELECT is(pg_temp.ends('removed'), '1: removed, 2: waiting', 'semantics 23: unenroll ends with removed');
SELECT is(pg_temp.ends('other'), '1: waiting, 2: waiting', 'unenroll: in this workflow only');
SELECT is((SELECT detail FROM workflow.history WHERE workflow = 'removed' AND what = 'ended'), 'removed: asked by phone', 'unenroll: the comment is in the history');
SELECT results_eq($$ SELECT contact_key FROM workflow.claim('removed') $$, $$ VALUES ('2') $$, 'semantics 21: messages of who was removed are not claimed');
SELECT is((SELECT state FROM workflow.outbox WHERE workflow = 'removed' AND contact_key = '1'), 'cancelled', 'semantics 21: but cancelled');
SELECT pg_temp.tick(2);
SELECT is((SELECT string_agg(contact_key || ' ' || step, ', ' ORDER BY id) FROM workflow.outbox WHERE workflow = 'removed'), '1 first, 2 first, 2 second', 'semantics 23: who has ended does not go on');

SELECT workflow.enroll('removed', '0004'), workflow.enroll('removed', '4'), pg_temp.tick(2.1);
SELECT is((SELECT array_agg(contact_key || ' ' || entry_key) FROM workflow.enrollments WHERE workflow = 'removed' AND contact_key LIKE '%4'), '{"4 4"}', 'attach 2: a caller''s key in another form is the same contact');

-- Rows that are deleted
SELECT pg_temp.publish('by_order', 'order.created', '{"for": "2 days"}', '{}');
SELECT pg_temp.publish('by_contact', 'order.created', '{"for": "2 days"}', '{"entry_key": "contact", "reentry": "every_event"}');
INSERT INTO orders VALUES (11, 3), (12, 3), (13, 4), (14, 5);
SELECT pg_temp.tick(3);
DELETE FROM orders WHERE id IN (11, 13);
SELECT pg_temp.tick(3.1);
SELECT is(pg_temp.ends('by_order'), '11: record_deleted, 12: waiting, 13: record_deleted, 14: waiting', 'semantics 23: a deleted order ends its enrollments');
SELECT is(pg_temp.ends('by_contact'), '3: record_deleted, 4: record_deleted, 5: waiting', 'definition: so it does by contact, where it made the event');
DELETE FROM contacts WHERE id IN (3, 5);
SELECT pg_temp.tick(3.2);
SELECT is(pg_temp.ends('by_order'), '11: record_deleted, 12: record_deleted, 13: record_deleted, 14: record_deleted', 'semantics 23: a deleted contact ends those of his orders');
SELECT is(pg_temp.ends('by_contact'), '3: record_deleted, 4: record_deleted, 5: record_deleted', 'semantics 23: and his own');
INSERT INTO contacts VALUES (3, 'New', NULL, 0, 1);
INSERT INTO orders VALUES (11, 3);
SELECT pg_temp.tick(3.3);
SELECT is((SELECT string_agg(workflow || ' ' || entry_key || ' ' || reason, ', ' ORDER BY workflow) FROM workflow.refusals WHERE row_key = '11'), 'by_contact 3 reentry, by_order 11 reentry',
          'semantics 4: after record_deleted nobody enters again, by every_event neither');
SELECT pg_temp.tick(6);
SELECT is(pg_temp.messages('by_order') + pg_temp.messages('by_contact'), 0::bigint, 'semantics 23: no message after that');

-- No longer live
INSERT INTO orders VALUES (21, 6), (22, 7), (23, 8), (24, 9), (25, 10), (26, 11);
SELECT pg_temp.tick(7);
UPDATE orders SET deleted_at = now() WHERE id = 21;
UPDATE contacts SET gone = true WHERE id = 7;
SELECT pg_temp.tick(7.1);
SELECT is((SELECT array_agg(entry_key || ' ' || reason ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'by_order' AND state = 'ended' AND entry_key::int > 20), '{"21 record_deleted","22 record_deleted"}',
          'attach 10: a row that ceases to be live ends its enrollments, and so does its contact''s');
SET LOCAL pg_workflow.capture = off;
UPDATE orders SET deleted_at = now() WHERE id = 23;
DELETE FROM orders WHERE id = 24;
DELETE FROM contacts WHERE id = 10;
SET LOCAL pg_workflow.capture = on;
SELECT pg_temp.tick(8.9);
SELECT is((SELECT count(*) FROM workflow.waiting WHERE workflow = 'by_order'), 4::bigint, 'semantics 8: what was not captured is not known');
SELECT pg_temp.tick(9);
SELECT is((SELECT string_agg(entry_key || ' ' || reason, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'by_order' AND entry_key::int > 22),
          '23 record_deleted, 24 record_deleted, 25 record_deleted, 26 completed', 'attach 10: it is looked at again when something falls due');
SELECT is(pg_temp.messages('by_order'), 1::bigint, 'attach 10: before the message is written');
INSERT INTO orders VALUES (27, 12);
SELECT pg_temp.tick(10);
TRUNCATE orders;
SELECT pg_temp.tick(10.1);
SELECT is((SELECT state FROM workflow.enrollments WHERE workflow = 'by_order' AND entry_key = '27'), 'waiting', 'attach 11: TRUNCATE ends nothing at once');
SELECT pg_temp.tick(12);
SELECT is((SELECT reason FROM workflow.enrollments WHERE workflow = 'by_order' AND entry_key = '27'), 'record_deleted', 'attach 11: but when its timer finds the row gone');

-- Archived
SELECT pg_temp.publish('drained', 'a.archived');
SELECT pg_temp.publish('forced', 'a.archived', '{"for": "2 days"}', '{"entry_key": "contact"}',
  '[{"id": "first", "type": "send", "channel": "forced", "body": "x"}, {"id": "stay", "type": "wait", "for": "2 days"}, {"id": "done", "type": "send", "channel": "forced", "body": "x"}]');
SELECT workflow.emit('a.archived', '13'), pg_temp.tick(20);
SELECT workflow.archive('drained'), workflow.archive('forced', true);
SELECT workflow.emit('a.archived', '14'), pg_temp.tick(21);
SELECT is(pg_temp.ends('drained'), '13: waiting', 'semantics 11: archived, nobody enters, who is inside stays');
SELECT is(pg_temp.ends('forced'), '13: archived', 'semantics 11: by force they end');
SELECT is((SELECT count(*) FROM workflow.claim('forced')), 0::bigint, 'semantics 21: with their messages');
SELECT is((workflow.maintain() ->> 'versions_retired')::int, 1, 'semantics 9: a version is listened for till the last of its enrollments has ended');
SELECT pg_temp.tick(22);
SELECT is(pg_temp.ends('drained'), '13: completed', 'semantics 11: who is inside goes on to the end');
SELECT is(pg_temp.messages('drained'), 1::bigint, 'semantics 11: with his message');
SELECT pg_temp.publish('drained_first', 'a.drained');
SELECT workflow.emit('a.drained', '13'), pg_temp.tick(22);
SELECT workflow.archive('drained_first'), pg_temp.tick(22.1);
SELECT workflow.archive('drained_first', true), pg_temp.tick(22.2);
SELECT is(pg_temp.ends('drained_first'), '13: archived', 'archive: by force once more');
SELECT pg_temp.publish('paused_first', 'a.paused_first');
SELECT workflow.emit('a.paused_first', '13'), pg_temp.tick(23);
SELECT workflow.pause('paused_first'), pg_temp.tick(24);
SELECT workflow.archive('paused_first'), pg_temp.tick(24);
SELECT is(pg_temp.ends('paused_first'), '13: waiting', 'archive: a pause ends');
SELECT pg_temp.tick(25), pg_temp.tick(25.9);
SELECT is(pg_temp.due('paused_first'), '13: 26.00', 'archive: and counts');
SELECT pg_temp.tick(26);
SELECT is(pg_temp.ends('paused_first'), '13: completed', 'archive: and who was paused goes on');

-- A wait for a date follows its record (semantics 16)
SELECT pg_temp.publish('dated', 'a.dated', '{"until_date": "contact.renewal"}');
SELECT pg_temp.publish('dated_on', 'a.dated', '{"until_date": "contact.renewal", "on_null": "continue"}');
SELECT pg_temp.publish('eta', 'order.created', '{"until_date": {"field": "order.eta", "offset": "-1 day"}}', '{}');
SELECT workflow.emit('a.dated', n::text) FROM generate_series(21, 26) n;
INSERT INTO orders VALUES (41, 27, pg_temp.now(60)), (42, 27, NULL), (43, 27, pg_temp.now(60));
SELECT pg_temp.tick(29);
SELECT is(pg_temp.due('dated'), '21: 30.00, 22: 30.00, 23: 30.00, 24: 30.00, 25: 30.00, 26: 30.00', 'semantics 16: until the date');
SELECT is(pg_temp.ends('eta'), '41: waiting, 42: condition, 43: waiting', 'semantics 16: without a date the wait ends by on_null, which is exit');
UPDATE contacts SET renewal = pg_temp.now(40) WHERE id = 21;
UPDATE contacts SET renewal = pg_temp.now(29.5) WHERE id = 22;
UPDATE contacts SET renewal = pg_temp.now(28.5) WHERE id = 23;
UPDATE contacts SET renewal = NULL WHERE id = 24;
DELETE FROM contacts WHERE id = 25;
UPDATE contacts SET name = 'Same date' WHERE id = 26;
UPDATE orders SET eta = pg_temp.now(50) WHERE id = 41;
UPDATE orders SET eta = NULL WHERE id = 43;
SELECT pg_temp.tick(29.1);
SELECT is(pg_temp.due('dated'), '21: 40.00, 22: 29.50, 26: 30.00', 'semantics 16: later, earlier; the others stay');
SELECT is(pg_temp.ends('dated'), '21: waiting, 22: waiting, 23: completed, 24: condition, 25: record_deleted, 26: waiting', 'semantics 16: in the past, by if_past; NULL: exit; deleted: ends');
SELECT is(pg_temp.ends('dated_on'), '21: waiting, 22: waiting, 23: completed, 24: completed, 25: record_deleted, 26: waiting', 'semantics 16: NULL, by on_null: continue');
SELECT is(pg_temp.due('eta'), '41: 49.00', 'semantics 16: the date of an order, with its offset');
SELECT is(pg_temp.ends('eta'), '41: waiting, 42: condition, 43: condition', 'semantics 16: it becomes NULL');
SELECT pg_temp.tick(30);
SELECT is(pg_temp.ends('dated'), '21: waiting, 22: completed, 23: completed, 24: condition, 25: record_deleted, 26: completed', 'semantics 16: the timer that was set before counts no more');
SELECT pg_temp.tick(40);
SELECT is(pg_temp.messages('dated'), 4::bigint, 'semantics 16: each goes on once');
SET LOCAL pg_workflow.capture = off;
UPDATE orders SET eta = pg_temp.now(55) WHERE id = 41;
SET LOCAL pg_workflow.capture = on;
SELECT pg_temp.tick(49);
SELECT is(pg_temp.due('eta'), '41: 54.00', 'semantics 16: the date is read once more when it falls due');

-- Contacts without a tenant, rows with one
CREATE TABLE mixed (org text, id int PRIMARY KEY, contact_id int);
SELECT FROM workflow.attach('mixed', '{"entity": "mixed", "account": "org", "contact": ["contact_id"]}');
SELECT pg_temp.publish('mixed', 'mixed.created', '{"until_date": "contact.renewal"}', '{}');
INSERT INTO contacts SELECT n, 'Contact ' || n, pg_temp.now(70), 0, 1 FROM generate_series(71, 73) n;
INSERT INTO mixed VALUES ('north', 71, 71), ('north', 72, 72), ('south', 73, 73);
SELECT pg_temp.tick(60);
UPDATE contacts SET renewal = pg_temp.now(65) WHERE id = 71;
UPDATE contacts SET id = 172 WHERE id = 72;
DELETE FROM contacts WHERE id = 73;
SELECT pg_temp.tick(61);
SELECT results_eq($$ SELECT account, contact_key, coalesce(reason, state), due FROM workflow.enrollments WHERE workflow = 'mixed' ORDER BY entry_key $$,
                  $$ VALUES ('north', '71', 'waiting', pg_temp.now(65)), ('north', '172', 'waiting', pg_temp.now(70)), ('south', '73', 'record_deleted', NULL) $$,
                  'attach 12: what happens to a contact of no tenant reaches enrollments in all of them');

-- A pause freezes (semantics 11)
SELECT pg_temp.publish('frozen', 'a.frozen', '{"for": "4 days"}');
SELECT pg_temp.publish('frozen_hours', 'a.frozen', '{"for": "2 days", "at": "09:00"}');
SELECT workflow.emit('a.frozen', '31'), pg_temp.tick(100);
SELECT is(pg_temp.due('frozen') || ' ' || pg_temp.due('frozen_hours'), '31: 104.00 31: 101.96', 'a wait for days');
SELECT pg_temp.tick(101);
SELECT workflow.pause('frozen'), workflow.pause('frozen_hours');
SELECT workflow.emit('a.frozen', '32'), pg_temp.tick(102);
SELECT is(pg_temp.ends('frozen'), '31: waiting', 'semantics 11: nobody enters');
SELECT is((SELECT held FROM workflow.status), 1::bigint, 'semantics 11: a timer that falls due is set aside');
SELECT is(pg_temp.messages('frozen_hours'), 0::bigint, 'semantics 11: nobody acts');
CREATE TEMP TABLE before AS SELECT ctid AS place, s.* FROM workflow.state s;
SELECT workflow.resume('frozen'), workflow.resume('frozen_hours');
SELECT is_empty($$ SELECT ctid, s.* FROM workflow.state s EXCEPT TABLE before $$, 'semantics 11: resuming writes nothing per enrollment');
SELECT pg_temp.tick(102);
SELECT is(pg_temp.due('frozen_hours'), '31: 102.96', 'semantics 11: a day longer, at its clock time');
SELECT is((SELECT held FROM workflow.status), 0::bigint, 'semantics 11: nothing is set aside any more');
SELECT pg_temp.tick(102.5);
SELECT workflow.pause('frozen'), pg_temp.tick(103);
SELECT workflow.resume('frozen'), pg_temp.tick(104.5);
SELECT is(pg_temp.due('frozen'), '31: 105.50', 'semantics 11: two pauses are added');
SELECT workflow.pause('frozen'), pg_temp.tick(106);
SELECT is(pg_temp.messages('frozen'), 0::bigint, 'semantics 11: a third one, over the end of the wait');
SELECT workflow.resume('frozen'), pg_temp.tick(106);
SELECT is(pg_temp.due('frozen'), '31: 107.00', 'semantics 11: counts as well, and the first two not twice');
SELECT pg_temp.tick(106.99);
SELECT is(pg_temp.messages('frozen'), 0::bigint, 'semantics 11: not before');
SELECT pg_temp.tick(107);
SELECT is(pg_temp.messages('frozen'), 1::bigint, 'semantics 11: then it goes on');
SELECT workflow.pause('frozen');
SELECT is((SELECT count(*) FROM workflow.claim('note', 1000) c WHERE c.workflow = 'frozen'), 0::bigint, 'semantics 11: messages of a paused workflow are not claimed');
SELECT workflow.resume('frozen'), workflow.emit('a.frozen', '33'), pg_temp.tick(107);
SELECT is(pg_temp.due('frozen'), '33: 111.00', 'semantics 11: pauses from before count for nobody');
SELECT workflow.pause('frozen'), pg_temp.tick(112);
SELECT workflow.unenroll('frozen', '33'), pg_temp.tick(112);
SELECT is(pg_temp.ends('frozen'), '31: completed, 33: removed', 'semantics 11: unenroll counts while paused, too');
SELECT workflow.resume('frozen'), pg_temp.tick(113);
SELECT is(pg_temp.messages('frozen'), 1::bigint, 'semantics 11: who was removed meanwhile does not go on');

-- Dates go on while paused, and obey if_past; a change of the date counts
SELECT pg_temp.publish('thawed', 'a.thawed', '{"until_date": "contact.renewal"}');
SELECT pg_temp.publish('thawed_skip', 'a.thawed', '{"until_date": "contact.renewal", "if_past": "skip"}');
SELECT pg_temp.publish('thawed_for', 'a.thawed', '{"for": "20 days"}');
UPDATE contacts SET renewal = pg_temp.now(210) WHERE id BETWEEN 41 AND 46;
SELECT workflow.emit('a.thawed', n::text) FROM generate_series(41, 46) n;
SELECT pg_temp.tick(200);
SELECT workflow.pause(name), pg_temp.tick(209.5) FROM unnest('{thawed,thawed_skip,thawed_for}'::text[]) name;
UPDATE contacts SET renewal = pg_temp.now(220) WHERE id = 42;
UPDATE contacts SET renewal = pg_temp.now(210.1) WHERE id = 43;
UPDATE contacts SET renewal = pg_temp.now(150) WHERE id = 44;
UPDATE contacts SET renewal = NULL WHERE id = 45;
DELETE FROM contacts WHERE id = 46;
SELECT is(pg_temp.tick(210.4), 0, 'semantics 11: dates change while paused');
SELECT is(pg_temp.ends('thawed'), '41: waiting, 42: waiting, 43: waiting, 44: waiting, 45: waiting, 46: record_deleted', 'semantics 11: nobody acts on that');
SELECT workflow.resume(name), pg_temp.tick(210.5) FROM unnest('{thawed,thawed_skip,thawed_for}'::text[]) name;
SELECT is(pg_temp.ends('thawed'), '41: completed, 42: waiting, 43: completed, 44: completed, 45: condition, 46: record_deleted',
          'semantics 11: late by at most the grace: goes on; moved ahead: waits; long past: skips; NULL: on_null');
SELECT is(pg_temp.due('thawed'), '42: 220.00', 'semantics 11, 16: until the date as it is now');
SELECT is((SELECT string_agg(contact_key, ', ' ORDER BY contact_key) FROM workflow.outbox WHERE workflow = 'thawed'), '41, 43', 'semantics 11: with the message, where it did not skip');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'thawed_skip'), 0::bigint, 'semantics 11: if_past: skip');
SELECT pg_temp.tick(220);
SELECT is(pg_temp.messages('thawed_for'), 0::bigint, 'semantics 11: a wait for days is not touched by a change of the record while paused');
SELECT pg_temp.tick(221);
SELECT is(pg_temp.ends('thawed_for'), '41: completed, 42: completed, 43: completed, 44: completed, 45: completed, 46: record_deleted', 'semantics 11: it ends after its days and the pause');

-- One that fails stops nobody (semantics 28)
SELECT pg_temp.publish('poison', 'a.poison', NULL, '{"entry_key": "contact", "reentry": "after_exit", "on_error": {"retry": 2}}', '[{"id": "stay", "type": "wait", "for": "1 day"},
  {"id": "before", "type": "send", "channel": "note", "body": "x"}, {"id": "more", "type": "set", "contact": {"points": {"add": 60}}}, {"id": "after", "type": "send", "channel": "note", "body": "{{ contact.points }}"}]');
INSERT INTO contacts SELECT n, 'Contact ' || n, NULL, CASE n WHEN 317 THEN 50 ELSE 1 END, 1 FROM generate_series(301, 350) n;
SELECT workflow.emit('a.poison', n::text) FROM generate_series(301, 350) n;
SELECT pg_temp.tick(300);
SELECT is(pg_temp.tick(301), 1, 'semantics 28: one of 50 violates a check');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'poison' AND reason = 'completed'), 49::bigint, 'semantics 28: the others go on in the same round');
SELECT is((SELECT count(*) FROM contacts WHERE id > 300 AND points = 61), 49::bigint, 'semantics 28: their rows are changed once');
SELECT is(pg_temp.messages('poison'), 99::bigint, 'semantics 28: their messages are written once, of the one that failed those before it');
SELECT results_eq($$ SELECT contact_key, step, sqlstate, message FROM workflow.errors WHERE workflow = 'poison' $$,
                  $$ VALUES ('317', 'more', '23514', 'new row for relation "contacts" violates check constraint "contacts_points_check"') $$, 'semantics 29: errors shows who, where and what');
SELECT results_eq($$ SELECT state, attempts, due BETWEEN pg_temp.now(301) + '30 seconds' AND pg_temp.now(301) + '90 seconds' FROM workflow.enrollments WHERE workflow = 'poison' AND contact_key = '317' $$,
                  $$ VALUES ('retry', 1, true) $$, 'definition: tried again after a minute or so');
SELECT pg_temp.tick(301.0001);
SELECT is((SELECT attempts FROM workflow.enrollments WHERE workflow = 'poison' AND contact_key = '317'), 1, 'not before');
SELECT pg_temp.tick(301.01), pg_temp.tick(301.02), pg_temp.tick(301.03);
SELECT is((SELECT reason || ' ' || attempts FROM workflow.enrollments WHERE workflow = 'poison' AND contact_key = '317'), 'error 3', 'semantics 23, 28: after so many tries it ends with error');
SELECT is((SELECT count(*) FROM workflow.errors WHERE workflow = 'poison'), 3::bigint, 'semantics 29: each try is in errors');
SELECT is((SELECT string_agg(what, ', ' ORDER BY id) FROM workflow.history WHERE workflow = 'poison' AND contact_key = '317'), 'entered, waiting, sent, failed, failed, failed, ended', 'the history says so');
UPDATE contacts SET points = 1 WHERE id = 317;
SELECT workflow.emit('a.poison', '317'), pg_temp.tick(302);
SELECT pg_temp.tick(303);
SELECT is((SELECT string_agg(reason, ', ' ORDER BY entry_number) FROM workflow.enrollments WHERE workflow = 'poison' AND contact_key = '317'), 'error, completed', 'semantics 4: after_exit after error');
UPDATE contacts SET points = 50 WHERE id = 318;
SELECT workflow.emit('a.poison', '318'), pg_temp.tick(304);
SELECT pg_temp.tick(305);
UPDATE contacts SET points = 2 WHERE id = 318;
SELECT pg_temp.tick(305.01);
SELECT is((SELECT string_agg(step || ' ' || coalesce(body, ''), ', ' ORDER BY id) FROM workflow.outbox WHERE workflow = 'poison' AND contact_key = '318' AND created_at > pg_temp.now(304)), 'before x, after 62',
          'semantics 28: mended meanwhile it goes on from where it failed, and nothing is sent twice');

-- In the first step of all
SELECT pg_temp.publish('poison_first', 'order.created', NULL, '{"on_error": {"retry": 1}}', '[{"id": "more", "type": "set", "contact": {"points": {"add": 60}}}]');
UPDATE contacts SET points = 0 WHERE id BETWEEN 301 AND 350;
UPDATE contacts SET points = 50 WHERE id = 320;
INSERT INTO orders SELECT n, n FROM generate_series(311, 330) n;
SELECT pg_temp.tick(310), pg_temp.tick(310.01), pg_temp.tick(310.02);
SELECT is((SELECT string_agg(reason || ' ' || n, ', ' ORDER BY reason) FROM (SELECT reason, count(*) AS n FROM workflow.enrollments WHERE workflow = 'poison_first' GROUP BY reason) t), 'completed 19, error 1',
          'semantics 28: failing in the first step it fails alone');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'by_order' AND entered_at = pg_temp.now(310)), 20::bigint, 'semantics 28: and other workflows of the same event go on');

-- A query of the binding that fails for one row
SELECT pg_temp.publish('share', 'a.share', NULL, '{"entry_key": "contact", "on_error": {"retry": 2}}', '[{"id": "stay", "type": "wait", "for": "1 day"}, {"id": "done", "type": "send", "channel": "note", "body": "{{ contact.share }}"}]');
SELECT workflow.emit('a.share', n::text) FROM generate_series(331, 340) n;
SELECT pg_temp.tick(320);
UPDATE contacts SET parts = 0 WHERE id IN (333, 334);
SELECT is(pg_temp.tick(321), 2, 'semantics 28: a query divides by zero for two rows');
SELECT is(pg_temp.messages('share'), 8::bigint, 'semantics 28: the others have their messages');
SELECT is((SELECT string_agg(DISTINCT contact_key || ' ' || sqlstate, ', ') FROM workflow.errors WHERE workflow = 'share'), '333 22012, 334 22012', 'semantics 29: errors shows which');
UPDATE contacts SET parts = 5 WHERE id = 334;
SELECT pg_temp.tick(321.01), pg_temp.tick(321.02), pg_temp.tick(321.03);
SELECT is((SELECT string_agg(contact_key || ' ' || reason, ', ' ORDER BY contact_key) FROM workflow.enrollments WHERE workflow = 'share' AND contact_key IN ('333', '334')), '333 error, 334 completed',
          'semantics 28: the one that was mended goes on, the other ends with error');
SELECT is((SELECT body FROM workflow.outbox WHERE workflow = 'share' AND contact_key = '334'), '20', 'semantics 28: with its value');
UPDATE contacts SET parts = 0 WHERE id IN (341, 342);
SELECT workflow.emit('a.share', n::text) FROM generate_series(341, 345) n;
SELECT is(pg_temp.tick(330), 2, 'semantics 28: on entering');
SELECT is((SELECT string_agg(contact_key, ', ' ORDER BY contact_key) FROM workflow.enrollments WHERE workflow = 'share' AND contact_key > '340'), '343, 344, 345', 'semantics 28: the others enter');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE reason = 'error' AND retry_at > pg_temp.now(330)), 2::bigint, 'semantics 28: the event is kept and tried again');
UPDATE contacts SET parts = 4 WHERE id = 342;
SELECT pg_temp.tick(330 + n * 0.02) FROM generate_series(1, 8) n;
SELECT is((SELECT string_agg(contact_key, ', ' ORDER BY contact_key) FROM workflow.enrollments WHERE workflow = 'share' AND contact_key > '340'), '342, 343, 344, 345', 'semantics 28: mended, it enters');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE reason = 'error' AND retry_at IS NOT NULL), 0::bigint, 'semantics 28: the other is given up after a while');
SELECT is((SELECT string_agg(DISTINCT concat_ws(' ', input->>'name', input->>'row_key'), ', ') FROM workflow.errors WHERE event_id IS NOT NULL), 'a.share 341, a.share 342',
          'semantics 29: errors shows the event that failed, also when it was given up');
SELECT workflow.forget('341', false);
SELECT is((SELECT count(*) FROM workflow.errors WHERE input->>'row_key' = '341'), 0::bigint, 'semantics 32: forget removes it');

SELECT * FROM finish();
ROLLBACK;

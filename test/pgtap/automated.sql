-- Automated actions: the short form of a workflow (requirements E01 to E18).
BEGIN;
SELECT plan(44);
SET LOCAL client_min_messages = error;

CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int PRIMARY KEY, name text, phone text, labels text[] NOT NULL DEFAULT '{}', tz text, rep int);
CREATE TABLE shop.orders (id int PRIMARY KEY, customer_id int, status text NOT NULL DEFAULT 'new', paid_at timestamptz, sent_at timestamptz, eta date);
SELECT FROM workflow.attach('shop.customers', '{"entity": "contact", "zone": "tz", "fields": {"tags": "labels", "owner": "rep"}}');
SELECT FROM workflow.attach('shop.orders', '{"entity": "order", "contact": {"column": "customer_id"}, "fields": {"estimated_delivery_at": "eta"}, "events": {
  "order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"},
  "order.delivery": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "sent"}},
  "order.cancelled": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "cancelled"}}}}');
INSERT INTO shop.customers VALUES (1, 'Ayu', '6281', '{reseller}', 'Asia/Jakarta', 7), (2, 'Budi', '6282', '{}', NULL, 8), (3, 'Cita', '6283', '{vip}', NULL, NULL);
SELECT workflow.put_template(t, 'whatsapp', NULL, t || ' {{ contact.name }}') FROM unnest('{welcome,confirm,dispatch,thanks,arrived}'::text[]) t;
SELECT workflow.put_template('remind', 'whatsapp', NULL, 'remember {{ contact.name }}');
CREATE FUNCTION pg_temp.problems(action text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(v.severity || ' ' || v.path || ': ' || v.message, '; ' ORDER BY v.path) FROM workflow.validate(jsonb_build_object('automated_action', action::jsonb)) v
$$;
CREATE FUNCTION pg_temp.rounds(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 3 LOOP PERFORM workflow.tick(at); END LOOP; END $$;
CREATE FUNCTION pg_temp.sent(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.step || ' ' || o.contact_key || ' ' || to_char(o.due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name
$$;

-- E08, E09, E16: stored and shown as it is, under its name
SELECT is(workflow.create_automated_action('{"name": "Thanks", "task_name": "Payment thanks", "on": "order.paid", "active_after_days": 1, "active_time": "09:00", "channel": "whatsapp", "template": "thanks"}'),
          1, 'E16: saving stores and publishes the first version');
SELECT is((SELECT v.definition FROM workflow.versions v WHERE v.workflow = 'Thanks'),
  '{"automated_action": {"name": "Thanks", "task_name": "Payment thanks", "on": "order.paid", "active_after_days": 1, "active_time": "09:00", "channel": "whatsapp", "template": "thanks"}}'::jsonb,
  'E08, E09: it is stored and shown as it is');
SELECT is((SELECT w.status FROM workflow.workflows w WHERE w.name = 'Thanks'), 'published', 'E16: and acts');
SELECT matches(workflow.describe('Thanks'), 'Automated action "Thanks", task "Payment thanks"', 'D29: described by its names');
SELECT matches(workflow.diagram('Thanks'), 'flowchart TD', 'D06: and drawn');

-- E06, E10, E12, G1: calendar days after the event's time in the zone in force
UPDATE shop.customers SET tz = 'Asia/Jakarta' WHERE id = 1;
SELECT workflow.create_automated_action('{"name": "Confirm", "on": "order.created", "active_time": "09:00", "template": "confirm", "timezone": "contact"}');
SELECT workflow.create_automated_action('{"name": "Dispatch", "on": "order.delivery", "active_after_days": 2, "active_time": "10:30", "template": "dispatch"}');
SELECT workflow.create_automated_action('{"name": "Welcome", "on": "contact.created", "active_after_days": 0, "active_time": "07:00", "template": "welcome"}');
INSERT INTO shop.customers VALUES (4, 'Dewi', '6284');
INSERT INTO shop.orders (id, customer_id, paid_at) VALUES (1, 1, '2031-03-01 23:30Z'), (2, 2, NULL);
SELECT pg_temp.rounds('2031-03-02 03:00Z');
SELECT is(pg_temp.sent('Confirm'), 'message 1 03-02 03:00', 'E03, G2: same day, its time is past in Jakarta: at once, by default');
SELECT pg_temp.rounds('2031-03-02 09:00Z');
SELECT is(pg_temp.sent('Confirm'), 'message 1 03-02 03:00, message 2 03-02 09:00', 'E10: 0 days is the same day, at the active time');
SELECT is(pg_temp.sent('Thanks'), 'message 1 03-02 09:00', 'E06, E10, G1: a day after the time of payment is the calendar day after it');
SELECT is(pg_temp.sent('Welcome'), 'message 4 03-02 07:00', 'E02: a new customer is welcomed');
UPDATE shop.orders SET status = 'sent' WHERE id = 2;
SELECT pg_temp.rounds('2031-03-02 18:00Z');
SELECT pg_temp.rounds('2031-03-04 10:29Z');
SELECT is(pg_temp.sent('Dispatch'), NULL, 'E04, E12: nothing before the active time');
SELECT pg_temp.rounds('2031-03-04 10:31Z');
SELECT is(pg_temp.sent('Dispatch'), 'message 2 03-04 10:30', 'E04: two days after the order was sent');
SELECT is((SELECT o.body FROM workflow.outbox o WHERE o.workflow = 'Dispatch'), 'dispatch Budi', 'E15: from its template, with the customer''s data');
SELECT is((SELECT o.recipient->>'address' FROM workflow.outbox o WHERE o.workflow = 'Dispatch'), '6282', 'E01: by WhatsApp to the customer''s number');

-- E05, G4: by the estimated delivery date of the order
SELECT workflow.create_automated_action('{"name": "Arrived", "task_name": "Delivery follow-up", "on": "order.followup_delivery", "active_time": "09:00", "reminder_time": "08:00", "reminder_to": "owner", "template": "arrived"}');
INSERT INTO shop.orders (id, customer_id, eta) VALUES (10, 1, '2031-04-10'), (11, 1, NULL), (12, 2, '2031-04-10'), (13, 2, '2031-04-10'), (14, 2, '2031-04-01'), (15, 1, '2031-04-10');
SELECT pg_temp.rounds('2031-04-05 12:00Z');
SELECT is((SELECT count(*) FROM workflow.waiting w WHERE w.workflow = 'Arrived'), 4::bigint, 'E05: orders with a date ahead wait for it');
SELECT is(pg_temp.sent('Arrived'), 'message 2 04-05 12:00', 'G4: a date that is past when the order comes: at once, by default, without its reminder');
UPDATE shop.orders SET eta = '2031-04-07' WHERE id = 11;  -- gets one
UPDATE shop.orders SET eta = '2031-04-20' WHERE id = 12;  -- moves
UPDATE shop.orders SET eta = NULL WHERE id = 13;
UPDATE shop.orders SET status = 'cancelled' WHERE id = 15;
SELECT pg_temp.rounds('2031-04-05 13:00Z');
SELECT is((SELECT string_agg(e.entry_key || ' ' || coalesce(e.reason, to_char(e.due AT TIME ZONE 'UTC', 'DD HH24:MI')), ', ' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = 'Arrived'),
          '10 10 08:00, 11 07 08:00, 12 20 08:00, 13 condition, 14 completed, 15 condition', 'G4: set later, moved, emptied, cancelled');
SELECT pg_temp.rounds('2031-04-07 08:00Z');
SELECT is((SELECT o.kind || ' ' || (o.recipient->>'user') || ' ' || o.subject || ' ' || o.body FROM workflow.outbox o WHERE o.workflow = 'Arrived' AND o.step = 'reminder'),
          'reminder 7 Delivery follow-up Delivery follow-up, 09:00', 'E13, G3: the reminder is a message of its own, to its own recipient');
UPDATE shop.orders SET eta = '2031-04-09' WHERE id = 11;
SELECT pg_temp.rounds('2031-04-07 08:30Z');
SELECT is((SELECT e.step || to_char(e.due AT TIME ZONE 'UTC', ' DD HH24:MI') FROM workflow.enrollments e WHERE e.workflow = 'Arrived' AND e.entry_key = '11'), 'reminder_wait 09 08:00',
          'G4: moved between reminder and message: both come for the new date');
SELECT pg_temp.rounds('2031-04-09 08:01Z');
UPDATE shop.orders SET status = 'cancelled' WHERE id = 11;
SELECT pg_temp.rounds('2031-04-09 08:30Z');
SELECT is((SELECT array_agg(c.step ORDER BY c.id) FROM workflow.claim('whatsapp', 100) c WHERE c.workflow = 'Arrived'), '{message}', 'G3: a cancelled message takes its reminder with it');
SELECT is((SELECT string_agg(o.state, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'Arrived' AND o.step = 'reminder'), 'cancelled,cancelled', 'which nobody had claimed yet');
SELECT pg_temp.rounds('2031-04-10 08:00Z');
SELECT FROM workflow.cancel_messages('{"step": "reminder"}', false);
SELECT pg_temp.rounds('2031-04-10 09:00Z');
SELECT is((SELECT string_agg(o.state, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'Arrived' AND o.step = 'message' AND o.contact_key = '1'), 'ready', 'G3: never the reverse: the message goes out without its reminder');
SELECT pg_temp.rounds('2031-04-20 09:00Z');
SELECT is((SELECT string_agg(o.step || to_char(o.due_at AT TIME ZONE 'UTC', ' DD HH24:MI'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'Arrived' AND o.contact_key = '2'),
          'message 05 12:00, reminder 20 08:00, message 20 09:00', 'G4: the moved one on its new day');
UPDATE shop.orders SET status = 'x' WHERE id = 12;
SELECT pg_temp.rounds('2031-04-21 09:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'Arrived' AND e.entry_key = '12'), 1::bigint, 'E05: any other change of the order says nothing twice');

-- E14: only customers with the tag
SELECT workflow.create_automated_action('{"name": "Resellers", "on": "order.paid", "tag": "reseller", "active_after_days": 1, "active_time": "09:00", "template": "thanks"}');
INSERT INTO shop.orders (id, customer_id, paid_at) VALUES (20, 1, '2031-05-01 12:00Z'), (21, 2, '2031-05-01 12:00Z'), (22, 1, '2031-05-02 12:00Z');
SELECT pg_temp.rounds('2031-05-01 12:00Z');
SELECT pg_temp.rounds('2031-05-02 09:00Z');
SELECT is(pg_temp.sent('Resellers'), 'message 1 05-02 09:00', 'E14: the others get nothing');
UPDATE shop.customers SET labels = '{}' WHERE id = 1;
SELECT pg_temp.rounds('2031-05-03 09:00Z');
SELECT is(pg_temp.sent('Resellers'), 'message 1 05-02 09:00', 'E14: nor who has lost the tag when the message is due');

-- G2: if_past
SELECT workflow.create_automated_action(format('{"name": "past %s", "on": "order.delivery", "active_time": "09:00", "if_past": "%s", "template": "dispatch"}', p, p)::jsonb)
  FROM unnest('{continue,next_day,skip,exit}'::text[]) p;
INSERT INTO shop.orders (id, customer_id) VALUES (30, 3);
UPDATE shop.orders SET status = 'sent' WHERE id = 30;
SELECT pg_temp.rounds('2031-06-01 15:00Z');
SELECT pg_temp.rounds('2031-06-02 09:00Z');
SELECT is((SELECT string_agg(p || ': ' || coalesce(pg_temp.sent('past ' || p), 'nothing'), '; ' ORDER BY p) FROM unnest('{continue,next_day,skip,exit}'::text[]) p),
          'continue: message 3 06-01 15:00; exit: nothing; next_day: message 3 06-02 09:00; skip: nothing', 'G2: each policy for a time that is past');

-- G1: another date to count from
SELECT workflow.create_automated_action('{"name": "From sent", "on": "order.delivery", "base_field": "sent_at", "active_after_days": 1, "active_time": "09:00", "template": "dispatch"}');
INSERT INTO shop.orders (id, customer_id, sent_at) VALUES (40, 3, '2031-07-05 10:00Z');
UPDATE shop.orders SET status = 'sent' WHERE id = 40;
SELECT pg_temp.rounds('2031-07-01 15:00Z');
SELECT is((SELECT w.due FROM workflow.waiting w WHERE w.workflow = 'From sent'), '2031-07-06 09:00Z', 'G1: base_field');
UPDATE shop.orders SET sent_at = '2031-07-10 10:00Z' WHERE id = 40;
SELECT pg_temp.rounds('2031-07-01 16:00Z');
SELECT is((SELECT w.due FROM workflow.waiting w WHERE w.workflow = 'From sent'), '2031-07-11 09:00Z', 'and the message follows it');

-- E13: a reminder to the customer, from a template of its own; one whose time is past is left out
SELECT workflow.create_automated_action('{"name": "Reminded", "on": "order.paid", "active_time": "18:00", "reminder_time": "16:00", "reminder_to": "customer", "reminder_template": "remind", "template": "thanks"}');
INSERT INTO shop.orders (id, customer_id, paid_at) VALUES (50, 3, '2031-08-01 12:00Z');
SELECT pg_temp.rounds('2031-08-01 12:00Z');
SELECT pg_temp.rounds('2031-08-01 16:00Z');
INSERT INTO shop.orders (id, customer_id, paid_at) VALUES (51, 2, '2031-08-01 17:00Z');
SELECT pg_temp.rounds('2031-08-01 17:00Z');
SELECT pg_temp.rounds('2031-08-01 18:00Z');
SELECT is(pg_temp.sent('Reminded'), 'reminder 3 08-01 16:00, message 3 08-01 18:00, message 2 08-01 18:00', 'E13, semantics 17: a reminder before it; one whose time is past when the event comes is skipped');
SELECT is((SELECT o.body || ' to ' || (o.recipient->>'address') FROM workflow.outbox o WHERE o.workflow = 'Reminded' AND o.step = 'reminder'), 'remember Cita to 6283', 'G3: its own template and recipient');

-- E16: replacing, and what is refused
SELECT is(workflow.create_automated_action('{"automated_action": {"name": "Thanks", "on": "order.paid", "active_after_days": 5, "active_time": "10:00", "template": "thanks"}}'), 2, 'E16: saving it again is its next version');
SELECT matches(workflow.diff('Thanks', 1, 2), 'active_after_days: 1 -> 5', 'D25: and the difference is told');
SELECT workflow.create_workflow('By hand', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}');
SELECT throws_ok($$ SELECT workflow.create_automated_action('{"name": "By hand", "on": "order.paid", "active_time": "10:00", "template": "thanks"}') $$, 'WF007', 'workflow "By hand" is no automated action',
                 'one that was written by hand is not replaced');
SELECT throws_ok($$ SELECT workflow.create_automated_action('{"name": "None", "on": "order.paid", "active_time": "10:00", "template": "no such"}') $$, 'WF001', NULL, 'E15: its template must be stored');
SELECT throws_ok($$ SELECT workflow.create_automated_action('{"on": "order.paid", "active_time": "10:00", "template": "thanks"}') $$, 'WF001', NULL, 'E08: it has a name');
SELECT throws_ok($$ SELECT workflow.create_automated_action(NULL) $$, '22004', NULL, 'and is not NULL');
SELECT is((SELECT count(*) FROM workflow.workflows w WHERE w.name = 'None'), 0::bigint, 'what is refused leaves nothing behind');
SELECT is(pg_temp.problems('{"name": "x", "on": "order.followup_delivery", "active_after_days": 0, "active_time": "10:00", "template": "thanks"}'),
          'error /automated_action/active_after_days: "active_after_days" does not apply to "order.followup_delivery"', 'E11: days do not apply to the estimated date');
SELECT is(pg_temp.problems('{"name": "x", "on": "order.paid", "active_time": "10:00", "reminder_time": "10:00", "template": "thanks"}'),
          'error /automated_action/reminder_time: "reminder_time" must be earlier than "active_time"', 'E13: the reminder is earlier');
SELECT is(pg_temp.problems('{"name": "x", "on": "order.paid", "active_time": "10:00", "template": "thanks", "timezone": "Asia/Jakrta"}'),
          'error /automated_action/timezone: time zone "Asia/Jakrta" is not known', 'semantics 12: the zone must be known');
SELECT is(pg_temp.problems('{"name": "x", "on": "order.paid", "active_time": "10:00", "per": "line", "template": "thanks"}'), 'error /automated_action/per: "per" belongs to "order.received"', 'G5: lines are told apart on receipt only');
SELECT is(workflow.create_automated_action('{"name": "Thanks", "on": "order.paid", "active_time": "10:00", "template": "thanks"}', 'acme'), 1, 'an account has actions of its own');
SELECT is((SELECT string_agg(w.account || ':' || w.newest, ',' ORDER BY w.account) FROM workflow.workflows w WHERE w.name = 'Thanks'), ':2,acme:1', 'beside those of everybody');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'E18: nothing of all this failed');

SELECT * FROM finish();
ROLLBACK;

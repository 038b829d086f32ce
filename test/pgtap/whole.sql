-- Whole automations as users describe them, from the changed row to the message, on a clock of their own. What the sources call by a short form is
-- written by hand here: the events of source 004, the examples of 000 to 003.
BEGIN;
SELECT plan(33);
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'Asia/Jakarta';

CREATE TYPE crm_status AS ENUM ('in process', 'sent', 'received', 'cancelled');
CREATE TABLE crm_contacts (id int PRIMARY KEY, name text, email text, wa text, tags text[] DEFAULT '{}', stage text DEFAULT 'lead', next_birthday date, deleted_at timestamptz);
CREATE TABLE crm_products (id int PRIMARY KEY, name text, use_days int, qty int, buyer int);
CREATE TABLE "Order" (id int PRIMARY KEY, customer int, product int, status crm_status DEFAULT 'in process', eta date, paid_at timestamptz, received_on date, total numeric, owner_email text);
CREATE TABLE crm_forms (id int PRIMARY KEY, address text, topic text);
CREATE TABLE crm_appointments (id int PRIMARY KEY, who int, starts_at timestamptz, state text DEFAULT 'planned');
CREATE TABLE crm_contracts (id int PRIMARY KEY, customer int, ends_on date, sales text);
CREATE TABLE crm_tickets (id int PRIMARY KEY, customer int, severity text, status text DEFAULT 'open', priority int DEFAULT 1);
SELECT workflow.set_account('', '{"timezone": "Asia/Jakarta", "sender": {"name": "Toko Kita"}}');
SELECT FROM workflow.attach('crm_contacts', '{"entity": "contact", "fields": {"phone": "wa"}, "live": {"field": "deleted_at", "operator": "null"}}');
SELECT FROM workflow.attach('"Order"', '{"entity": "order", "contact": [{"column": "customer"}], "live": {"field": "status", "operator": "!=", "value": "cancelled"},
  "fields": {"used_up_on": {"sql": "SELECT row.received_on + p.use_days FROM public.crm_products p WHERE p.id = row.product", "type": "date"},
             "product_name": {"sql": "SELECT p.name FROM public.crm_products p WHERE p.id = row.product", "type": "text"}},
  "events": {"order.delivery": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "sent"}},
             "order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"},
             "order.received": {"once": true, "when": {"field": "received_on", "operator": "becameNotNull"}}}}');
SELECT FROM workflow.attach('crm_forms', '{"entity": "form", "contact": [{"match": {"contact.email": "address"}}], "events": {"form.submitted": {"once": true, "when": {"field": "address", "operator": "becameNotNull"}}}}');
SELECT FROM workflow.attach('crm_appointments', '{"entity": "appointment", "contact": [{"column": "who"}], "live": {"field": "state", "operator": "!=", "value": "cancelled"}}');
SELECT FROM workflow.attach('crm_contracts', '{"entity": "contract", "contact": [{"column": "customer"}]}');
SELECT FROM workflow.attach('crm_tickets', '{"entity": "ticket", "contact": [{"column": "customer"}]}');
SELECT FROM workflow.attach('crm_products', '{"entity": "stock", "contact": [{"column": "buyer"}], "events": {"stock.low":
  {"when": [{"field": "qty", "operator": "<=", "value": 5}, {"field": "old.qty", "operator": ">", "value": 5}]}, "stock.back": {"when": [{"field": "qty", "operator": ">", "value": 0}, {"field": "old.qty", "operator": "=", "value": 0}]}}}');
CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text, settings text = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- Now it is this time: the worker has done all that fell due till then, each thing in its time, and what has just been written.
CREATE FUNCTION pg_temp.now_is(now timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next timestamptz;
BEGIN
  LOOP
    SELECT min(w.due) INTO next FROM workflow.waiting w;
    EXIT WHEN next IS NULL OR next > now;
    PERFORM workflow.tick(next);
  END LOOP;
  PERFORM workflow.tick(now);
END $$;
-- What went out by a workflow: when, by which channel, what.
CREATE FUNCTION pg_temp.sent(workflow text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT concat_ws(' ', to_char(o.due_at, 'DD Mon HH24:MI'), o.channel, o.recipient->>'address', o.body) FROM workflow.outbox o WHERE o.workflow = sent.workflow ORDER BY o.id
$$;

-- Source 004. E08, E09: name and task are texts of the definition; E14: the tag; E15: the template; E10, E12: after so many days, at that time
SELECT workflow.put_template('order', 'whatsapp', NULL, 'Halo {{ contact.name }}, {{ event.name }}: {{ order.product_name }}');
SELECT pg_temp.publish('E02', '[{"on": "contact.created"}]', '[{"type": "send", "channel": "whatsapp", "body": "Selamat datang, {{ contact.name }}"}]');
SELECT pg_temp.publish('E03', '[{"on": "order.created"}]', '[{"type": "send", "channel": "whatsapp", "template": "order"}]');
SELECT pg_temp.publish('E04', '[{"on": "order.delivery"}]', '[{"type": "wait", "for": "0 days", "at": "16:00"}, {"type": "send", "channel": "whatsapp", "template": "order"}]');
SELECT pg_temp.publish('E05', '[{"on": "order.created"}]', '[{"type": "wait", "until_date": "order.eta", "at": "10:00"}, {"type": "send", "channel": "whatsapp", "body": "Sudah sampai?"}]');
SELECT pg_temp.publish('E06', '[{"on": "order.paid"}]', '[{"type": "wait", "for": "1 day", "at": "09:00"}, {"type": "send", "channel": "whatsapp", "body": "Terima kasih, {{ order.total | money: \"IDR\" }}"}]');
SELECT pg_temp.publish('E07', '[{"on": "order.received", "filter": {"field": "contact.tags", "operator": "contains", "value": "reseller"}}]',
  '[{"type": "wait", "until_date": "order.used_up_on", "at": "08:00"}, {"type": "send", "channel": "email", "to": "{{ order.owner_email }}", "kind": "reminder", "body": "Usage follow-up: {{ contact.name }}"},
    {"type": "wait", "until_time": "09:00"}, {"type": "send", "channel": "whatsapp", "body": "{{ order.product_name }} habis?"}]');
INSERT INTO crm_products VALUES (1, 'Kopi', 30, 10, 9), (2, 'Teh', 14, 10, 9);
INSERT INTO crm_contacts (id, name, email, wa, tags) VALUES (1, 'Ani', 'ani@example.test', '628111', '{reseller}'), (2, 'Budi', 'budi@example.test', '628222', '{}');
SELECT pg_temp.now_is('2025-06-02 10:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('E02') $$, $$ VALUES ('02 Jun 10:00 whatsapp 628111 Selamat datang, Ani'), ('02 Jun 10:00 whatsapp 628222 Selamat datang, Budi') $$,
  'E02, E17: a new customer is welcomed at once');
INSERT INTO "Order" (id, customer, product, eta, total, owner_email) VALUES (1, 1, 1, '2025-06-05', 1250000, 'sari@toko.test'), (2, 2, 2, '2025-06-06', 99000, 'sari@toko.test');
SELECT pg_temp.now_is('2025-06-02 11:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('E03') $$, $$ VALUES ('02 Jun 11:00 whatsapp 628111 Halo Ani, order.created: Kopi'), ('02 Jun 11:00 whatsapp 628222 Halo Budi, order.created: Teh') $$,
  'E03, E17: the order is confirmed, with the customer''s and the product''s data (E15, D18)');
SELECT pg_temp.now_is('2025-06-03 15:00+07');
UPDATE "Order" SET status = 'sent' WHERE id = 1;
SELECT pg_temp.now_is('2025-06-03 15:59+07');
SELECT is_empty($$ SELECT pg_temp.sent('E04') $$, 'E12: not before the active time');
SELECT pg_temp.now_is('2025-06-03 17:00+07');
UPDATE "Order" SET status = 'sent' WHERE id = 2;
SELECT pg_temp.now_is('2025-06-03 17:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('E04') $$, $$ VALUES ('03 Jun 16:00 whatsapp 628111 Halo Ani, order.delivery: Kopi'), ('03 Jun 17:00 whatsapp 628222 Halo Budi, order.delivery: Teh') $$,
  'E04, E10: 0 is the same day, at the active time; G2: at once where that is past');
UPDATE "Order" SET eta = '2025-06-09' WHERE id = 2;
SELECT pg_temp.now_is('2025-06-05 12:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('E05') $$, $$ VALUES ('05 Jun 10:00 whatsapp 628111 Sudah sampai?') $$, 'E05: on the estimated day, not on the day of the order');
UPDATE "Order" SET paid_at = '2025-06-05 23:30+07' WHERE id = 1;
SELECT pg_temp.now_is('2025-06-06 00:30+07');
SELECT pg_temp.now_is('2025-06-06 08:59+07');
SELECT is_empty($$ SELECT pg_temp.sent('E06') $$, 'E10: 1 is the day after, and not as soon as the round is');
SELECT pg_temp.now_is('2025-06-09 12:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('E06') $$, $$ VALUES ('06 Jun 09:00 whatsapp 628111 Terima kasih, Rp 1.250.000') $$, 'E06, E10, E17: paid: thanks on the next day at the active time');
SELECT is((SELECT array_agg(s) FROM pg_temp.sent('E05') s), '{05 Jun 10:00 whatsapp 628111 Sudah sampai?,09 Jun 10:00 whatsapp 628222 Sudah sampai?}', 'E05, G4: the date moved, and the message with it');
UPDATE "Order" SET status = 'received', received_on = '2025-06-09';
SELECT pg_temp.now_is('2025-06-09 12:00+07');
SELECT results_eq($$ SELECT reason, contact_key FROM workflow.refusals WHERE workflow = 'E07' $$, $$ VALUES ('filter', '2') $$, 'E14: only customers with the tag; who has it not is refused, and it is said why');
SELECT pg_temp.now_is('2025-07-09 08:30+07');
SELECT results_eq($$ SELECT pg_temp.sent('E07') $$, $$ VALUES ('09 Jul 08:00 email sari@toko.test Usage follow-up: Ani') $$, 'E13: the reminder comes before, to the owner');
SELECT pg_temp.now_is('2025-07-09 10:00+07');
SELECT is((SELECT array_agg(s) FROM pg_temp.sent('E07') s), '{09 Jul 08:00 email sari@toko.test Usage follow-up: Ani,09 Jul 09:00 whatsapp 628111 Kopi habis?}',
  'E07, E11, E17: after the product''s days of use, whatever the day of the order');
SELECT is((SELECT array_agg(DISTINCT o.kind) FROM workflow.outbox o WHERE o.workflow = 'E07'), '{message,reminder}', 'E13: a message of its own kind');
INSERT INTO "Order" (id, customer, product, eta) VALUES (3, 1, 2, '2025-07-20'), (4, 2, 2, NULL);
SELECT pg_temp.now_is('2025-07-09 11:00+07');
UPDATE "Order" SET status = 'cancelled' WHERE id = 3;
SELECT pg_temp.now_is('2025-07-21 12:00+07');
SELECT results_eq($$ SELECT e.entry_key, e.reason FROM workflow.enrollments e WHERE e.workflow = 'E05' ORDER BY 1 $$,
  $$ VALUES ('1', 'completed'), ('2', 'completed'), ('3', 'record_deleted'), ('4', 'condition') $$, 'G4: an order that is cancelled, or has no date, gets none');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.sender IS DISTINCT FROM '{"name": "Toko Kita"}'), 0::bigint, 'B04: all from the account''s sender');

-- 000, A02, A06, A38: a form is filled: I, my team and the client are told; the client gets a series of e-mails
SELECT pg_temp.publish('A02', '[{"on": "form.submitted"}]', '[{"type": "send", "channel": "email", "to": "me@toko.test", "kind": "notification", "body": "{{ contact.name }} asks for {{ form.topic }}"},
  {"type": "send", "channel": "in_app", "to": "team", "kind": "notification", "body": "{{ contact.name }}"}, {"type": "send", "channel": "email", "body": "We got it"},
  {"type": "wait", "for": "2 days"}, {"type": "send", "channel": "email", "body": "About {{ form.topic }}"}, {"type": "wait", "for": "2 days"}, {"type": "send", "channel": "email", "body": "Any questions?"}]');
INSERT INTO crm_forms VALUES (1, 'ani@example.test', 'a demo'), (2, 'nobody@example.test', 'x');
SELECT pg_temp.now_is('2025-07-21 12:00+07');
SELECT pg_temp.now_is('2025-07-30 12:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('A02') $$, $$ VALUES ('21 Jul 12:00 email me@toko.test Ani asks for a demo'), ('21 Jul 12:00 in_app team Ani'), ('21 Jul 12:00 email ani@example.test We got it'),
  ('23 Jul 12:00 email ani@example.test About a demo'), ('25 Jul 12:00 email ani@example.test Any questions?') $$, 'A02, A06, A15, A16: the form''s chain, in order');
SELECT results_eq($$ SELECT reason, detail FROM workflow.refusals WHERE event_name IS NULL OR event_name = 'form.submitted' $$, $$ VALUES ('unresolved_contact', 'email=nobody@example.test') $$,
  'attach 3: a form of somebody unknown is parked');

-- A37, C26, C28, A17, C16, E17: welcome and nurture until they buy
SELECT pg_temp.publish('A37', '[{"on": "contact.created", "filter": [{"field": "contact.email", "operator": "notNull"}, {"field": "contact.tags", "operator": "contains", "value": "lead"}]}]',
  '[{"id": "hello", "type": "send", "channel": "email", "body": "Welcome {{ contact.name }}"}, {"id": "pause", "type": "wait", "for": "3 days", "at": "09:00"},
    {"id": "bought", "type": "if", "if": {"field": "contact.stage", "operator": "=", "value": "customer"},
     "then": [{"type": "tag", "add": ["won"], "remove": ["lead"]}, {"type": "send", "channel": "email", "body": "Thank you"}, {"type": "stop", "reason": "bought"}],
     "else": [{"type": "send", "channel": "email", "body": "Still thinking, {{ contact.name }}?"}]},
    {"type": "wait", "for": "1 week"}, {"type": "set", "contact": {"stage": "cold"}}, {"type": "send", "channel": "email", "body": "Last call: {{ contact.stage }}"}]',
  '{"timezone": "contact", "send_window": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]}');
INSERT INTO crm_contacts (id, name, email, tags) VALUES (11, 'Caro', 'caro@example.test', '{lead}'), (12, 'Dian', 'dian@example.test', '{lead,vip}'), (13, 'Eka', NULL, '{lead}'), (14, 'Fajar', 'f@example.test', '{}');
SELECT pg_temp.now_is('2025-08-01 16:00+07');
UPDATE crm_contacts SET stage = 'customer' WHERE id = 12;
SELECT pg_temp.now_is('2025-08-31 12:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('A37') $$, $$ VALUES ('01 Aug 16:00 email caro@example.test Welcome Caro'), ('01 Aug 16:00 email dian@example.test Welcome Dian'),
  ('04 Aug 09:00 email caro@example.test Still thinking, Caro?'), ('04 Aug 09:00 email dian@example.test Thank you'), ('11 Aug 09:00 email caro@example.test Last call: cold') $$,
  'A37, C26, C28: who bought is thanked, who did not is asked again; three days and office hours between');
SELECT results_eq('SELECT id, stage, tags FROM crm_contacts WHERE id > 10 AND id < 14 ORDER BY id', $$ VALUES (11, 'cold', '{lead}'::text[]), (12, 'customer', '{vip,won}'), (13, 'lead', '{lead}') $$,
  'A17, C16: and the records say so');
SELECT results_eq($$ SELECT e.contact_key, e.reason FROM workflow.enrollments e WHERE e.workflow = 'A37' ORDER BY 1 $$, $$ VALUES ('11', 'completed'), ('12', 'stopped') $$,
  'A03, A11: who does not meet all filters never enters');

-- A04, A44, D43: before and after an appointment
SELECT pg_temp.publish('A44', '[{"on": "appointment.created"}]', '[{"type": "send", "channel": "email", "body": "You are registered for {{ appointment.starts_at | date: \"%d %B %H:%M\" }}"},
  {"type": "wait", "until_date": {"field": "appointment.starts_at", "offset": "-1 day"}, "at": "09:00", "if_past": "skip"}, {"type": "send", "channel": "sms", "body": "Tomorrow"},
  {"type": "wait", "until_date": {"field": "appointment.starts_at", "offset": "-1 hour"}}, {"type": "send", "channel": "sms", "body": "In an hour"},
  {"type": "wait", "until_date": {"field": "appointment.starts_at", "offset": "1 day"}, "at": "10:00"}, {"type": "send", "channel": "email", "body": "How was it?"}]');
SELECT pg_temp.now_is('2025-09-01 12:00+07');
INSERT INTO crm_appointments VALUES (1, 1, '2025-09-10 14:00+07'), (2, 2, '2025-09-10 14:00+07'), (3, 1, '2025-09-01 15:00+07'), (4, 2, '2025-09-10 14:00+07');
SELECT pg_temp.now_is('2025-09-01 12:00+07');
SELECT pg_temp.now_is('2025-09-08 12:00+07');
UPDATE crm_appointments SET starts_at = '2025-09-12 16:00+07' WHERE id = 2;
UPDATE crm_appointments SET state = 'cancelled' WHERE id = 4;
SELECT pg_temp.now_is('2025-09-08 12:00+07');
SELECT pg_temp.now_is('2025-09-30 12:00+07');
CREATE FUNCTION pg_temp.of(workflow text, key text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(to_char(o.due_at, 'DD HH24:MI ') || o.body, ', ' ORDER BY o.id) FROM workflow.outbox o JOIN workflow.enrollments e USING (enrollment)
   WHERE o.workflow = of.workflow AND e.entry_key = key
$$;
SELECT is(pg_temp.of('A44', '1'), '01 12:00 You are registered for 10 September 14:00, 09 09:00 Tomorrow, 10 13:00 In an hour, 11 10:00 How was it?', 'A44, D43: reminders before and after the event');
SELECT is(pg_temp.of('A44', '2'), '01 12:00 You are registered for 10 September 14:00, 11 09:00 Tomorrow, 12 15:00 In an hour, 13 10:00 How was it?', 'semantics 16: they follow the appointment');
SELECT is(pg_temp.of('A44', '3'), '01 12:00 You are registered for 01 September 15:00, 01 14:00 In an hour, 02 10:00 How was it?', 'G2: what is past when it is booked is skipped');
SELECT is(pg_temp.of('A44', '4'), '01 12:00 You are registered for 10 September 14:00', 'attach 10: a cancelled one has no reminders');

-- D38: contracts that are to be renewed
SELECT pg_temp.publish('D38', '[{"on": "contract.created"}]', '[{"type": "wait", "until_date": {"field": "contract.ends_on", "offset": "-30 days"}, "at": "09:00"},
  {"type": "send", "channel": "email", "to": "{{ contract.sales }}", "kind": "notification", "body": "{{ contact.name }} ends on {{ contract.ends_on | date: \"%d %b\" }}"},
  {"type": "send", "channel": "email", "body": "Renew?"}]', '{"category": "informational"}');
INSERT INTO crm_contracts VALUES (1, 1, '2025-12-31', 'rudi@toko.test'), (2, 2, '2025-11-15', NULL);
SELECT pg_temp.now_is('2025-09-30 12:00+07');
UPDATE crm_contracts SET ends_on = '2026-12-31' WHERE id = 2;
SELECT pg_temp.now_is('2025-09-30 12:00+07');
SELECT pg_temp.now_is('2025-12-31 12:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('D38') $$, $$ VALUES ('01 Dec 09:00 email rudi@toko.test Ani ends on 31 Dec'), ('01 Dec 09:00 email ani@example.test Renew?') $$,
  'D38: thirty days before the end, to sales and to the customer; who has renewed already is left alone');

-- D42: stock that reaches a threshold
SELECT pg_temp.publish('D42', '[{"on": "stock.low"}, {"on": "stock.back"}]', '[{"type": "send", "channel": "in_app", "body": "{{ event.name }}: {{ stock.name }} {{ stock.qty }}"}]', '{"reentry": "every_event", "category": "transactional"}');
INSERT INTO crm_contacts (id, name, tags) VALUES (9, 'Buyer', '{}');
SELECT pg_temp.now_is('2026-01-01 09:00+07');
CREATE FUNCTION pg_temp.stock(n int, OUT qty int) LANGUAGE plpgsql AS $$ BEGIN qty := n; UPDATE crm_products p SET qty = n WHERE id = 1; PERFORM pg_temp.now_is(workflow.virtual_now() + interval '1 minute'); END $$;
SELECT pg_temp.stock(n) FROM unnest('{8,6,5,3,7,4,0,2}'::int[]) n;
SELECT is((SELECT array_agg(o.body ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'D42'), '{stock.low: Kopi 5,stock.low: Kopi 4,stock.back: Kopi 2}',
  'D42: when the threshold is reached, not each time below it; and when there is some again');

-- D11, D21, D36: a ticket that nobody solves
SELECT pg_temp.publish('D21', '[{"on": "ticket.created", "filter": {"field": "ticket.severity", "operator": "in", "value": ["high", "critical"]}}]', '[{"type": "send", "channel": "email", "body": "We look into it"},
  {"type": "wait", "for": "4 hours"}, {"type": "if", "if": {"field": "ticket.status", "operator": "!=", "value": "solved"}, "then": [{"type": "set", "ticket": {"priority": {"add": 1}}},
    {"type": "send", "channel": "email", "to": "support@toko.test", "kind": "notification", "body": "Ticket {{ ticket.id }} of {{ contact.name }}: priority {{ ticket.priority }}"}]}]');
INSERT INTO crm_tickets VALUES (1, 1, 'high'), (2, 2, 'critical'), (3, 2, 'low');
SELECT pg_temp.now_is('2026-01-05 16:00+07');
UPDATE crm_tickets SET status = 'solved' WHERE id = 2;
SELECT pg_temp.now_is('2026-01-05 19:59+07');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'D21' AND o.kind = 'notification'), 0::bigint, 'D21: not before its time');
SELECT pg_temp.now_is('2026-01-05 21:00+07');
SELECT results_eq($$ SELECT pg_temp.sent('D21') $$, $$ VALUES ('05 Jan 16:00 email ani@example.test We look into it'), ('05 Jan 16:00 email budi@example.test We look into it'),
  ('05 Jan 20:00 email support@toko.test Ticket 1 of Ani: priority 2') $$, 'D11, D21, D36: escalated where it is not solved in time');
SELECT results_eq('SELECT id, priority FROM crm_tickets ORDER BY id', 'VALUES (1, 2), (2, 1), (3, 1)', 'D14: and the record is changed');

-- C36: a birthday, as far as a date of the record says it
SELECT pg_temp.publish('C36', '[{"on": "contact.updated", "filter": {"field": "contact.next_birthday", "operator": "changed"}}]',
  '[{"type": "wait", "until_date": {"field": "contact.next_birthday", "offset": "-3 days"}, "at": "09:00"}, {"type": "send", "channel": "whatsapp", "body": "Almost, {{ contact.name }}"}]', '{"reentry": "after_exit"}');
UPDATE crm_contacts SET next_birthday = '2026-02-28' WHERE id = 1;
SELECT pg_temp.now_is('2026-01-05 21:00+07');
SELECT pg_temp.now_is('2026-03-01 12:00+07');
UPDATE crm_contacts SET next_birthday = '2027-02-28' WHERE id = 1;
SELECT pg_temp.now_is('2026-03-01 12:00+07');
SELECT pg_temp.now_is('2027-03-01 12:00+07');
SELECT results_eq($$ SELECT to_char(o.due_at, 'YYYY-MM-DD HH24:MI') FROM workflow.outbox o WHERE o.workflow = 'C36' ORDER BY o.id $$, $$ VALUES ('2026-02-25 09:00'), ('2027-02-25 09:00') $$,
  'C36, B05: before each birthday, again after the last one is over');

-- What holds over all of it
SELECT is_empty('SELECT * FROM workflow.errors', 'nothing failed');
SELECT is((SELECT count(*) - count(DISTINCT o.idempotency_key) FROM workflow.outbox o), 0::bigint, 'semantics 24: no message was written twice');
SELECT is((SELECT s.overdue FROM workflow.status s), 0::bigint, 'nothing is overdue');
SELECT results_eq($$ SELECT d.name FROM workflow.doctor() d WHERE d.state <> 'ok' $$, $$ VALUES ('parked') $$, 'doctor() has nothing to say but of the form without a contact');

SELECT * FROM finish();
ROLLBACK;

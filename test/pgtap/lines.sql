-- The lines of an order: as data, and by their products' days of use (E07, G4, G5, attach 7).
BEGIN;
SELECT plan(45);
SET LOCAL client_min_messages = error;

CREATE SCHEMA crm;
SET LOCAL search_path = crm, public;
CREATE TABLE customers (id int PRIMARY KEY, name text);
CREATE TABLE products (id bigint PRIMARY KEY, name text, use_days numeric);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, status text NOT NULL DEFAULT 'new');
CREATE TABLE order_lines (n int PRIMARY KEY, order_id bigint, product_id int, qty int, deleted_at timestamptz);
SELECT FROM workflow.attach('customers', '{"entity": "contact"}');
CREATE FUNCTION pg_temp.binding(lines text) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('entity', 'order', 'contact', 'customer_id', 'lines', lines::jsonb, 'events', jsonb_build_object(
    'order.received', '{"once": true, "when": {"field": "status", "operator": "changedTo", "value": "received"}}'::jsonb,
    'order.cancelled', '{"once": true, "when": {"field": "status", "operator": "changedTo", "value": "cancelled"}}'::jsonb))
$$;
SELECT is((SELECT a.binding->'lines' FROM workflow.attach('orders', pg_temp.binding('{"table": "order_lines", "order": "order_id", "product": "product_id", "use_days": "products.use_days", "live": {"field": "deleted_at", "operator": "null"}}')) a),
  '{"table": "order_lines", "order": "order_id", "product": "product_id", "use_days": "products.use_days", "live": {"field": "deleted_at", "operator": "null"}}'::jsonb, 'attach: lines are part of a binding');
INSERT INTO customers VALUES (1, 'Ayu'), (2, 'Budi');
INSERT INTO products VALUES (1, 'Serum', 30), (2, 'Soap', 10.4), (3, 'Bag', NULL), (4, 'Oil', 60);
SELECT workflow.put_template('usage', 'whatsapp', NULL, '{{ contact.name }}: {{ line.product.name }} x{{ line.qty }} after {{ line.use_days }} days');
SELECT workflow.put_template('all', 'whatsapp', NULL, '{% for line in order.lines %}{{ line.qty }} {{ line.product.name }}{% unless forloop.last %}, {% endunless %}{% endfor %}; {{ order.longest_use_days }}');
CREATE FUNCTION pg_temp.rounds(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 3 LOOP PERFORM workflow.tick(at); END LOOP; END $$;
CREATE FUNCTION pg_temp.standing(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(e.entry_key || ' ' || coalesce(e.reason, e.step || to_char(e.due AT TIME ZONE 'UTC', ' MM-DD HH24:MI')), ', ' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = name
$$;
CREATE FUNCTION pg_temp.said(name text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(o.body, '; ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name $$;

-- E07, G5: one message per line, by its product's days of use
SELECT workflow.create_automated_action('{"name": "Usage", "task_name": "Usage follow-up", "on": "order.received", "active_time": "09:00", "channel": "whatsapp", "template": "usage"}');
SELECT workflow.create_automated_action('{"name": "Whole", "on": "order.received", "per": "order", "active_time": "09:00", "template": "all"}');
INSERT INTO orders VALUES (1, 1, 'new'), (2, 2, 'new');
UPDATE orders SET status = 'received';
INSERT INTO order_lines VALUES (10, 1, 1, 1, NULL), (11, 1, 2, 2, NULL), (12, 1, 3, 3, NULL), (13, 1, 1, 4, NULL), (14, 1, 4, 9, now()), (20, 2, 3, 1, NULL);
SELECT pg_temp.rounds('2031-01-01 12:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 wait 01-31 09:00, 1,2 wait 01-11 09:00', 'E07, G5, attach 7: lines written after the order; one for each product with days, once; deleted lines do not count');
SELECT results_eq($$ SELECT r.reason, r.row_key FROM workflow.refusals r WHERE r.workflow = 'Usage' $$, $$ VALUES ('no_entry_key', '2') $$, 'E07: an order without days of use has no message, and the refusal says why');
SELECT is(pg_temp.standing('Whole'), '1 wait 01-31 09:00, 2 condition', 'G5: per order the longest counts; without days there is no message');
SELECT pg_temp.rounds('2031-01-11 09:00Z');
SELECT is(pg_temp.said('Usage'), 'Ayu: Soap x2 after 10 days', 'E07: the line and its product are data of its message');

-- G4: the days change, with and without an event of the order
UPDATE products SET use_days = 45 WHERE id = 1;
SELECT pg_temp.rounds('2031-01-12 09:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 wait 02-15 09:00, 1,2 completed', 'G4: changed days move the message, seen by the daily look');
SELECT is(pg_temp.standing('Whole'), '1 wait 02-15 09:00, 2 condition', 'G4: and that of the order');
UPDATE products SET use_days = 20 WHERE id = 1;
UPDATE orders SET customer_id = 1 WHERE id = 1;
SELECT pg_temp.rounds('2031-01-12 10:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 wait 02-15 09:00, 1,2 completed', 'an update that changes nothing tells nothing');
SELECT pg_temp.rounds('2031-01-13 09:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 wait 01-21 09:00, 1,2 completed', 'G4: shortened');
UPDATE products SET use_days = 12 WHERE id = 1;
SELECT pg_temp.rounds('2031-01-14 08:59Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'Usage'), 1::bigint, 'nothing between the looks');
SELECT pg_temp.rounds('2031-01-14 09:00Z');
SELECT is(pg_temp.said('Usage'), 'Ayu: Soap x2 after 10 days; Ayu: Serum x1 after 12 days', 'G4: behind by now: by if_past, at once by default');
SELECT is(pg_temp.said('Whole'), '1 Serum, 2 Soap, 3 Bag, 4 Serum; 12', 'attach: order.lines in a text, in the order of their key');

-- G4: emptied, the line gone, the order cancelled
INSERT INTO orders SELECT n, 2, 'new' FROM generate_series(3, 6) n;
INSERT INTO order_lines SELECT 100 + n, n, 4, 1 FROM generate_series(3, 6) n;
UPDATE orders SET status = 'received' WHERE id >= 3;
SELECT pg_temp.rounds('2031-02-01 12:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 completed, 1,2 completed, 3,4 wait 04-02 09:00, 4,4 wait 04-02 09:00, 5,4 wait 04-02 09:00, 6,4 wait 04-02 09:00', 'four more');
DELETE FROM order_lines WHERE order_id = 3;
UPDATE orders SET status = 'cancelled' WHERE id = 4;
DELETE FROM orders WHERE id = 5;
SELECT pg_temp.rounds('2031-02-02 09:00Z');
SELECT is(pg_temp.standing('Usage'), '1,1 completed, 1,2 completed, 3,4 condition, 4,4 condition, 5,4 record_deleted, 6,4 wait 04-02 09:00', 'G4: a line that is gone, an order that is cancelled or deleted: cancelled');
UPDATE products SET use_days = NULL WHERE id = 4;
SELECT pg_temp.rounds('2031-02-03 09:00Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key = '6,4'), 'condition', 'G4: emptied days cancel');
UPDATE products SET use_days = 5 WHERE id = 4;
UPDATE orders SET status = 'new' WHERE id = 6;
UPDATE orders SET status = 'received' WHERE id = 6;
SELECT pg_temp.rounds('2031-02-03 10:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key = '6,4'), 1::bigint, 'G5: de-duplicated by order and product');

-- Lines that come after the event was read: no event tells of them. reconcile() finds them, and nothing twice (semantics 3, 17).
INSERT INTO orders VALUES (61, 2, 'received'), (62, 2, 'received');
INSERT INTO order_lines VALUES (610, 61, 1, 1);
SELECT pg_temp.rounds('2031-02-10 12:00Z');
INSERT INTO order_lines VALUES (611, 61, 2, 1), (620, 62, 2, 1);
UPDATE orders SET customer_id = 1 WHERE id IN (61, 62);
SELECT pg_temp.rounds('2031-02-11 12:00Z');
SELECT is((SELECT string_agg(e.entry_key, ' ') FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key ~ '^6[12],'), '61,1', 'a line that comes later does not enter by itself');
SELECT workflow.reconcile('orders', '2020-01-01 00:00Z');
SELECT pg_temp.rounds('2031-02-11 13:00Z');
SELECT is((SELECT string_agg(e.entry_key, ' ' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key ~ '^6[12],'), '61,1 61,2 62,2', 'reconcile lets it in, each line once');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_number > 1), 0::bigint, 'and nobody a second time');

-- semantics 19: events of the order concern its lines; a renamed key goes along
INSERT INTO orders VALUES (7, 2, 'new'), (8, 2, 'new');
INSERT INTO order_lines VALUES (70, 7, 1, 1), (80, 8, 1, 1);
UPDATE orders SET status = 'received' WHERE id IN (7, 8);
SELECT pg_temp.rounds('2031-03-01 12:00Z');
UPDATE orders SET status = 'cancelled' WHERE id = 7;
SELECT pg_temp.rounds('2031-03-01 13:00Z');
SELECT is((SELECT string_agg(e.entry_key || ' ' || e.state, ', ' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key ~ '^[78],'), '7,1 ended, 8,1 waiting',
          'semantics 19: one order''s cancelling leaves the other''s lines alone');
UPDATE orders SET id = 88 WHERE id = 8;
UPDATE order_lines SET order_id = 88 WHERE order_id = 8;
SELECT pg_temp.rounds('2031-03-01 14:00Z');
SELECT is((SELECT string_agg(e.entry_key || ' ' || e.state, ', ') FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.entry_key ~ '^8'), '88,1 waiting', 'a row whose key changes is the same row');
SELECT pg_temp.rounds('2031-03-13 09:00Z');
SELECT is((SELECT o.body FROM workflow.outbox o WHERE o.workflow = 'Usage' ORDER BY o.id DESC LIMIT 1), 'Budi: Serum x1 after 12 days', 'and its message comes');

-- semantics 17: what is cancelled takes its reminder along, line by line
SELECT workflow.create_automated_action('{"name": "Reminded", "on": "order.received", "active_time": "09:00", "reminder_time": "08:00", "reminder_to": "contact", "channel": "whatsapp", "template": "usage"}');
INSERT INTO orders VALUES (95, 1, 'new');
INSERT INTO order_lines VALUES (950, 95, 1, 1), (951, 95, 2, 2);
UPDATE products SET use_days = 3 WHERE id IN (1, 2);
UPDATE orders SET status = 'received' WHERE id = 95;
SELECT pg_temp.rounds('2031-03-20 12:00Z');
SELECT pg_temp.rounds('2031-03-23 08:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'Reminded' AND o.kind = 'reminder' AND o.state = 'ready'), 2::bigint, 'semantics 17: each line has its reminder');
DELETE FROM order_lines WHERE n = 951;
SELECT pg_temp.rounds('2031-03-23 09:00Z');
SELECT is((SELECT string_agg(e.entry_key || ' ' || e.reason, ', ' ORDER BY e.entry_key) FROM workflow.enrollments e WHERE e.workflow = 'Reminded' AND e.entry_key ~ '^95,'), '95,1 completed, 95,2 condition', 'one line is gone');
SELECT is((SELECT string_agg(c.step, ',' ORDER BY c.id) FROM workflow.claim('whatsapp', 1000) c WHERE c.workflow = 'Reminded'), 'reminder,message', 'semantics 17: its reminder is gone as well, the other''s is not');
SELECT is((SELECT string_agg(o.state, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'Reminded' AND o.contact_key = '1' AND o.kind = 'reminder'), 'leased,cancelled', 'it was cancelled');
UPDATE products SET use_days = CASE id WHEN 1 THEN 12 ELSE 10.4 END WHERE id IN (1, 2);
SELECT workflow.archive('Reminded');

-- In other workflows: a condition over the line
SELECT workflow.create_workflow('big', '{"triggers": [{"on": "order.received"}], "settings": {"entry_key": "line"}, "steps": [
  {"id": "many", "type": "send", "if": {"field": "line.qty", "operator": ">=", "value": 5}, "channel": "x", "to": "a", "subject": "{{ line.qty }}", "body": "b"},
  {"id": "later", "type": "wait", "until_date": {"field": "event.at", "days": "line.use_days", "offset": "-2 days"}, "at": "08:00"}]}');
SELECT workflow.publish('big');
INSERT INTO orders VALUES (9, 1, 'new');
INSERT INTO order_lines VALUES (90, 9, 1, 5), (91, 9, 2, 4);
UPDATE orders SET status = 'received' WHERE id = 9;
SELECT pg_temp.rounds('2031-04-01 12:00Z');
SELECT is((SELECT string_agg(o.subject, ',') FROM workflow.outbox o WHERE o.workflow = 'big'), '5', 'a line is what its own conditions see');
SELECT is(pg_temp.standing('big'), '9,1 later 04-11 08:00, 9,2 later 04-09 08:00', 'until_date takes days and an offset');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'nothing of all this failed');

-- Composite keys, odd names, keys of other types
CREATE TABLE "Order Head" ("org id" text, "no." int, buyer int, state text, PRIMARY KEY ("org id", "no."));
CREATE TABLE "line item" (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "Org" varchar, "order.no" text, "SKU" text, "size" text, n int);
CREATE TABLE "catalogue" ("sku" text, "size" varchar, "life.days" int, title text, PRIMARY KEY ("sku", "size"));
SELECT lives_ok($$ SELECT FROM workflow.attach('"Order Head"', '{"entity": "order", "contact": "buyer", "events": {"order.received": {"when": {"field": "state", "operator": "changedTo", "value": "in"}}},
  "lines": {"table": "crm.\"line item\"", "order": ["Org", "order.no"], "product": ["SKU", "size"], "use_days": {"table": "catalogue", "column": "life.days"}, "only": {"n": [1, 2]}}}') $$,
  'attach 1, 2: composite keys, odd names, columns of other types');
INSERT INTO catalogue VALUES ('a,b', 'S', 3, 'Comma'), ('c', 'L', 4, 'Plain'), ('d', 'L', 9, 'Left out');
INSERT INTO "line item" ("Org", "order.no", "SKU", size, n) VALUES ('x,y', '5', 'a,b', 'S', 1), ('x,y', '5', 'c', 'L', 2), ('x,y', '5', 'd', 'L', 3), ('x,y', '6', 'c', 'L', 2), ('x,y', '5', NULL, 'L', 1), ('x,y', '5', 'gone', 'L', 1);
INSERT INTO "Order Head" VALUES ('x,y', 5, 1, 'in');
SELECT pg_temp.rounds('2031-05-01 12:00Z');
SELECT is((SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'Usage' AND e.due IN ('2031-05-04 09:00Z', '2031-05-05 09:00Z')), 2::bigint, 'attach 2: each product of a composite order');
SELECT pg_temp.rounds('2031-05-05 09:00Z');
SELECT is((SELECT string_agg(substring(o.body FROM 'after.*'), '; ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'Usage' AND o.due_at >= '2031-05-01'), 'after 3 days; after 4 days', 'and its line is found again');

-- What is refused
CREATE FUNCTION pg_temp.refused(lines text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  told text;
BEGIN
  PERFORM FROM workflow.attach('crm.orders', pg_temp.binding(lines), true);
  RETURN 'fine';
EXCEPTION WHEN SQLSTATE 'WF004' THEN
  GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
  RETURN told;
END $$;
SELECT is(pg_temp.refused(l), said, said) FROM (VALUES
  ('{"table": "order_line", "order": "order_id"}', '/lines/table: table "order_line" does not exist'),
  ('{"table": "order_lines", "order": "orderid"}', '/lines/order: column "orderid" does not exist'),
  ('{"table": "order_lines", "order": ["order_id", "qty"]}', '/lines/order: the key of a row has 1 columns, not 2'),
  ('{"table": "order_lines", "order": "order_id", "use_days": "qty"}', '/lines: "product" is missing: a product has one message, however many lines it is on'),
  ('{"table": "order_lines", "order": "order_id", "product": "product_id", "use_days": "products.name"}', '/lines/use_days: "name" is text, and days are a number'),
  ('{"table": "order_lines", "order": "order_id", "product": "product_id", "use_days": "products.days"}', '/lines/use_days: column "days" does not exist'),
  ('{"table": "order_lines", "order": "order_id", "product": ["product_id", "qty"], "use_days": "products.use_days"}', '/lines/use_days: the key of "crm.products" has 1 columns, and the product of a line has 2'),
  ('{"table": "order_lines", "order": "order_id", "produkt": "x"}', '/lines/produkt: unknown key "produkt"'),
  ('{"table": "order_lines", "order": "order_id", "live": {"field": "deletedat", "operator": "null"}}', '/lines/live/field: unknown field "deletedat"'),
  ('7', '/lines: "lines" must be an object with "table", "order", "product" and "use_days", not 7')) v(l, said);
SELECT is(pg_temp.refused('{"table": "order_lines", "order": "order_id", "product": "product_id", "use_days": "qty"}'), 'fine', 'days may stand in the line itself');
SELECT is(pg_temp.refused('{"table": "order_lines", "order": "order_id"}'), 'fine', 'lines may be data alone');
SELECT throws_ok($$ SELECT workflow.create_workflow('x', '{"triggers": [{"on": "contact.created"}], "settings": {"entry_key": "line"}, "steps": [{"type": "stop"}]}') $$, 'WF001', NULL, 'a contact has no lines');

SELECT * FROM finish();
ROLLBACK;

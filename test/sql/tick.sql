-- A workflow is tried in one transaction that leaves no trace: tick() sees what its own transaction captured (A30, A33).
SET client_min_messages = warning;
ALTER DATABASE contrib_regression SET pg_workflow.virtual_clock = on;  -- the worker rests: rounds are this script's
CREATE TABLE tick_contacts (id int PRIMARY KEY, name text NOT NULL, email text);
CREATE TABLE tick_orders (id int PRIMARY KEY, contact_id int, total numeric(10,2), paid_at timestamptz);
SELECT FROM workflow.attach('tick_contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('tick_orders', '{"entity": "order", "contact": [{"column": "contact_id"}],
  "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
SELECT workflow.create_workflow('thanks', '{"triggers": [{"on": "order.paid", "filter": {"field": "order.total", "operator": ">=", "value": 19.99}}],
  "steps": [{"id": "thanks", "type": "send", "channel": "email", "subject": "Thank you, {{ contact.name }}", "body": "We got {{ order.total | money: \"USD\" }}."}]}');
SELECT workflow.publish('thanks');
INSERT INTO tick_contacts VALUES (1, 'Ana', 'ana@example.test'), (2, 'Budi', NULL);

BEGIN;
INSERT INTO tick_orders VALUES (1, 1, 19.99, now()), (2, 1, 19.98, now()), (3, 2, 100, NULL);
SELECT * FROM workflow.tick();
SELECT channel, state, recipient, subject, body, workflow, step FROM workflow.outbox;
UPDATE tick_orders SET paid_at = now() WHERE id = 3;
SELECT * FROM workflow.tick();
SELECT state, recipient, subject, reason FROM workflow.outbox WHERE contact_key = '2';
SELECT * FROM workflow.tick();
ROLLBACK;
SELECT count(*) FROM workflow.outbox;
SELECT * FROM workflow.tick();

-- A round reads what others have committed, and its own transaction's rows once.
INSERT INTO tick_orders VALUES (1, 1, 25, now());
BEGIN;
INSERT INTO tick_orders VALUES (2, 1, 30, now());
SELECT events, messages FROM workflow.tick();
INSERT INTO tick_orders VALUES (3, 1, 35, now());
COMMIT;
SELECT events, messages FROM workflow.tick();
SELECT events, messages FROM workflow.tick();
SELECT body FROM workflow.outbox ORDER BY id;

-- The virtual clock is for sessions or databases that ask for it.
SET pg_workflow.virtual_clock = off;
SELECT * FROM workflow.tick('2030-01-01');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM workflow.tick();
ROLLBACK;
SELECT workflow.uninstall();
DROP TABLE tick_contacts, tick_orders;

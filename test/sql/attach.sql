-- What somebody who attaches a table sees.
CREATE TABLE contacts (id bigint PRIMARY KEY, email_address text, tz text, opted_out boolean NOT NULL DEFAULT false, deleted_at timestamptz);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id bigint, email text, status text, total numeric(10,2), paid_at timestamptz, eta date);
INSERT INTO contacts VALUES (1, 'ada@a.test', 'Europe/Berlin'), (2, 'bob@b.test', 'system'), (3, 'cy@c.test', '');
INSERT INTO orders VALUES (10, 1, NULL, 'shipped', 5, now()), (11, NULL, 'bob@b.test', 'new', 6, NULL), (12, 99, 'nobody@x.test', 'new', 7, NULL);

-- attach 12: every mistake at once, the nearest right name as a hint, and nothing is stored
SELECT * FROM workflow.attach('orders', '{"entity": "order", "key": ["idd"], "contact": [{"column": "custmer_id"}], "at": "payed_at",
  "fields": {"due": {"column": "eta", "type": "date", "at": "9 o''clock"}}, "events": {"order.paid": {"once": true, "when": {"field": "paid_att", "operator": "becameNotNull"}}},
  "lins": {}}');
SELECT count(*) FROM workflow.source;

-- attach 3: a query is tried before it is stored
SELECT * FROM workflow.attach('orders', '{"entity": "order", "contact": [{"sql": "SELECT id FROM contcts"}, {"sql": "DELETE FROM contacts RETURNING id"}, {"sql": "SELECT 1; SELECT 2"}],
  "fields": {"big": {"sql": "SELECT row.total > 100", "type": "text"}, "late": {"sql": "SELECT row.no_such_column", "type": "text"}}}');

-- a dry run counts and changes nothing
SELECT binding->'key' AS key, jsonb_pretty(findings) AS findings FROM workflow.attach('contacts', '{"entity": "contact", "zone": ["tz", "account"]}', dry_run => true);
SELECT count(*) FROM workflow.source;

-- attached, with what was left out filled in
SELECT binding - 'fields' AS binding, findings FROM workflow.attach('contacts',
  '{"entity": "contact", "zone": ["tz", "account"], "fields": {"email": "email_address"}, "live": {"field": "deleted_at", "operator": "null"}}');
SELECT jsonb_pretty(findings) AS findings FROM workflow.attach('orders', '{"entity": "order", "contact": [{"column": "customer_id"}, {"match": {"contact.email": "email"}}],
  "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"},
             "order.delivery": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "delivered"}}}}', dry_run => true);
SELECT findings FROM workflow.attach('orders', '{"entity": "order", "contact": [{"column": "customer_id"}, {"match": {"contact.email": "email"}}]}');
SELECT name, relation, entity, lookup FROM workflow.sources ORDER BY name;

-- what cannot be attached, each with its reason
CREATE VIEW customer_list AS SELECT id, email_address FROM contacts;
CREATE TEMPORARY TABLE passing (id integer PRIMARY KEY);
CREATE TABLE events_of_2026 (id integer, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_of_may PARTITION OF events_of_2026 FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
SELECT * FROM workflow.attach('customer_list', '{"entity": "contact", "key": ["id"]}');
SELECT * FROM workflow.attach('passing', '{"entity": "thing", "contact": "id"}');
SELECT * FROM workflow.attach('workflow.source', '{"entity": "thing", "contact": "id"}');
SELECT * FROM workflow.attach('pg_class', '{"entity": "thing", "contact": "oid"}');
SELECT * FROM workflow.attach('events_of_may', '{"entity": "thing", "contact": "id"}');
SELECT * FROM workflow.attach('parent', '{"entity": "thing", "contact": "id"}');
SELECT * FROM workflow.attach(NULL, '{}');

-- detached again
SELECT workflow.detach('orders');
SELECT workflow.detach('orders');
SELECT workflow.detach('contacts');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_workflow%';

DROP VIEW customer_list;
DROP TABLE orders, contacts, events_of_2026, parent, child;

-- Tables as they are found in CRMs, shops and hand-made databases, attached as they are (attach.md), each with a workflow that runs over them.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS citext;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';

CREATE FUNCTION attach(source regclass, binding jsonb) RETURNS void LANGUAGE sql AS $$ SELECT FROM workflow.attach(source, binding) $$;
CREATE FUNCTION publish(name text, definition jsonb) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN PERFORM workflow.create_workflow(name, definition); PERFORM workflow.publish(name); END $$;
CREATE FUNCTION said(name text) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(o.subject, ', ' ORDER BY o.subject COLLATE "C") FROM workflow.outbox o WHERE o.workflow = name $$;
CREATE FUNCTION refused(name text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM workflow.refusals WHERE reason = name $$;
CREATE FUNCTION finding(name text) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', state, detail) FROM workflow.doctor() d WHERE d.name = finding.name $$;
CREATE FUNCTION sends(event text, subject text) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', event)),
                             'steps', jsonb_build_array(jsonb_build_object('type', 'send', 'channel', 'email', 'subject', subject, 'body', '.'))) $$;
SELECT workflow.tick('2026-03-02 10:00+00');

-- A shop with text keys, a table called "order", and the same address twice: as a guest and as a customer.
CREATE TABLE customer (id text PRIMARY KEY, first_name text, email text, has_account boolean NOT NULL, metadata jsonb, deleted_at timestamptz);
CREATE TABLE "order" (id text PRIMARY KEY, customer_id text, email text, currency_code text, status text, canceled_at timestamptz, deleted_at timestamptz);
CREATE TABLE order_summary (order_id text, totals jsonb);
SELECT attach('customer', '{"entity": "contact", "fields": {"name": "first_name"}, "live": {"field": "deleted_at", "operator": "null"}}');
SELECT attach('"order"', '{"entity": "order", "contact": ["customer_id", {"match": {"contact.email": "email"}}],
  "fields": {"total": {"sql": "SELECT (s.totals->>''sum'')::numeric FROM order_summary s WHERE s.order_id = row.id", "type": "numeric"}},
  "events": {"canceled": {"once": true, "when": {"field": "canceled_at", "operator": "becameNotNull"}, "at": "canceled_at"}}}');
SELECT publish('placed', jsonb_set(sends('order.created', '{{ order.id }} {{ contact.id }} {{ order.total | money: order.currency_code }}'),
  '{triggers,0,filter}', '[{"field": "order.total", "operator": ">=", "value": 50}]'));
INSERT INTO customer VALUES ('cus_1', 'Ann', 'ann@x.test', true), ('cus_2,\', 'Ann', 'ann@x.test', false);
INSERT INTO "order" (id, customer_id, email, currency_code) VALUES
  ('o1', 'cus_1', 'ann@x.test', 'USD'), ('o2', NULL, 'ann@x.test', 'USD'), ('o3', 'cus_9', 'late@x.test', 'USD'), ('o4', '', '', 'USD');
INSERT INTO order_summary SELECT id, '{"sum": "75.50"}' FROM "order";
SELECT workflow.tick('2026-03-02 10:00+00');
SELECT is(said('placed'), 'o1 cus_1 $75.50, o2 cus_1 $75.50, o2 cus_2,\ $75.50', 'attach 1, 2, 3, 7: a key, else an address; one row may lead to several');
SELECT is(refused('unresolved_contact'), 2::bigint, 'attach 3: whom nothing leads to is parked');
INSERT INTO customer VALUES ('cus_3', 'Late', 'late@x.test', false);
SELECT workflow.tick('2026-03-02 10:00:01+00');
SELECT alike(said('placed'), '%o3 cus_3%', 'attach 3: and found when a contact with its address comes');
UPDATE "order" SET customer_id = 'cus_3' WHERE id = 'o4';
SELECT workflow.tick('2026-03-02 10:30+00');
SELECT alike(said('placed'), '%o4 cus_3%', 'attach 3: or when the row itself leads to somebody by then');
SELECT is((SELECT event_at FROM workflow.enrollments WHERE entry_key = 'o4'), '2026-03-02 10:00+00'::timestamptz,
  'attach 5: what was parked happened when it was first read');
SELECT is(refused('unresolved_contact'), 0::bigint, 'attach 3: nothing is left parked');

-- Once means once, whether the row leads to one or to several.
INSERT INTO customer VALUES ('cus_4', 'Late', 'late@x.test', true);
UPDATE "order" SET customer_id = NULL WHERE id = 'o3';
SELECT workflow.reconcile('"order"', '2020-01-01');
SELECT workflow.tick('2026-03-02 10:30+00');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'placed'), 5::bigint, 'attach 5: another contact of the same row makes no second event');
DELETE FROM "order" WHERE id = 'o2';
SELECT workflow.tick('2026-03-02 10:30+00');
INSERT INTO "order" (id, email, currency_code) VALUES ('o2', 'ann@x.test', 'EUR');
SELECT workflow.tick('2026-03-02 10:30+00');
SELECT alike(said('placed'), 'o1%o2 cus_1 €75.50%o2 cus_2,\\ €75.50%', 'attach 5: a row of the same key after a deletion is another row');

-- What leads to the contact need not be of the key's type, nor be a key at all.
CREATE DOMAIN address AS citext CHECK (VALUE ~ '@');
CREATE TYPE stage AS ENUM ('lead', 'customer');
CREATE TABLE people (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "full name" text GENERATED ALWAYS AS ("first" || ' ' || "last") STORED,
  "first" varchar(20), "last" char(10), email address, stage stage DEFAULT 'lead', roles stage[], balance money, "zip code" char(5), ip inet,
  labels jsonb DEFAULT '[]', doc tsvector, active boolean DEFAULT true);
CREATE TABLE "case" (no serial PRIMARY KEY, person text, mail text);
SELECT workflow.detach('customer');
SELECT attach('people', '{"entity": "contact", "fields": {"name": "full name", "zip": "zip code", "tags": "labels"}, "tags": "labels",
  "live": {"field": "active", "operator": "=", "value": true}, "events": {"contact.won": {"when": {"field": "stage", "operator": "changedTo", "value": "customer"}}}}');
SELECT attach('"case"', '{"entity": "case", "contact": ["person", {"match": {"contact.email": "mail"}}]}');
SELECT publish('case', sends('case.created', '{{ case.no }} {{ contact.id }}'));
INSERT INTO people ("first", "last", email) VALUES ('Ann', 'A', 'Ann@x.test'), ('Bob', 'B', 'bob@x.test');
INSERT INTO "case" (person, mail) VALUES ('1', NULL), ('01', NULL), ('guest', 'BOB@x.test'), ('', 'no address'), ('99999999999', 'nobody@x.test'), (NULL, NULL);
SELECT workflow.tick('2026-03-02 11:00+00');
SELECT is(said('case'), '1 1, 2 1, 3 2', 'attach 2, 3, 4: text leads to integers, citext is matched; what is no key leads nowhere');
SELECT is((SELECT count(DISTINCT contact_key) FROM workflow.outbox WHERE workflow = 'case'), 2::bigint, 'attach 2: one contact has one key');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'attach 2: and is no error, not even where a domain refuses it');

-- Values of every type are set and said; tags in jsonb.
SELECT publish('won', '{"triggers": [{"on": "contact.won"}], "steps": [
  {"type": "set", "values": {"contact.roles": ["customer"], "contact.zip": "90210", "contact.balance": "12.5", "contact.first": "{{ contact.first | upcase }}", "contact.ip": "10.0.0.1"}},
  {"type": "tag", "add": ["won"]},
  {"type": "send", "channel": "email", "subject": "{{ contact.name }}|{{ contact.roles | join }}|{{ contact.zip }}|{{ contact.balance }}|{{ contact.ip }}|{{ contact.tags | join }}", "body": "."}]}');
UPDATE people SET stage = 'customer' WHERE id = 1;
SELECT workflow.tick('2026-03-02 11:00+00');
SELECT is(said('won'), 'ANN A|customer|90210|$12.50|10.0.0.1|won', 'attach 8: arrays, enums, money, char, inet and generated columns');

-- A failing step is named.
SELECT publish('fails', '{"triggers": [{"on": "contact.updated"}], "steps": [{"id": "first", "type": "send", "channel": "email", "subject": "x", "body": "."},
  {"id": "second", "type": "set", "values": {"contact.ip": "no address"}}]}');
UPDATE people SET email = 'a@x.test' WHERE id = 1;
SELECT workflow.tick('2026-03-02 11:00+00');
SELECT is((SELECT step FROM workflow.errors), 'second', 'semantics 29: the step that failed, not the one before it');
SELECT workflow.archive('fails', force => true);

-- One schema per tenant, with the same keys in each.
CREATE SCHEMA tenant_a; CREATE SCHEMA tenant_b;
CREATE TABLE tenant_a.contacts (id serial PRIMARY KEY, name text, email text); CREATE TABLE tenant_b.contacts (LIKE tenant_a.contacts INCLUDING INDEXES);
SELECT workflow.detach('people');
SELECT attach('tenant_a.contacts', '{"entity": "contact"}'); SELECT attach('tenant_b.contacts', '{"entity": "contact"}');
SELECT publish('hello', sends('contact.created', '{{ contact.name }}'));
INSERT INTO tenant_a.contacts VALUES (1, 'A1', 'a@x.test'), (2, 'A2', 'a@x.test'); INSERT INTO tenant_b.contacts VALUES (1, 'B1', 'b@x.test');
SELECT workflow.tick('2026-03-02 12:00+00');
SELECT is(said('hello'), 'A1, A2, B1', 'attach 12: contacts of two tenants are two people');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM workflow.outbox WHERE workflow = 'hello'), 3::bigint, 'attach 12: also to the provider');
UPDATE tenant_a.contacts SET name = 'A' WHERE id = 1;
INSERT INTO tenant_b.contacts VALUES (2, 'B2', 'b@x.test');
SELECT workflow.tick('2026-03-02 12:00+00');
SELECT is(said('hello'), 'A1, A2, B1, B2', 'attach 12: in later rounds, too');

-- Row-level security that comes to apply to who attached hides nobody: it stops the source, and is named.
CREATE ROLE crm_owner; CREATE SCHEMA crm AUTHORIZATION crm_owner;
GRANT USAGE ON SCHEMA workflow TO crm_owner; GRANT EXECUTE ON FUNCTION workflow.attach(regclass, jsonb, boolean) TO crm_owner;
SELECT workflow.detach('tenant_a.contacts'); SELECT workflow.detach('tenant_b.contacts');
SET LOCAL ROLE crm_owner;
CREATE TABLE crm.contacts (id serial PRIMARY KEY, org text, email text);
ALTER TABLE crm.contacts ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON crm.contacts USING (org = current_setting('app.org', true));
SELECT FROM workflow.attach('crm.contacts', '{"entity": "contact", "account": "org"}');
RESET ROLE;
SELECT publish('later', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "wait", "for": "1 hour"}, {"type": "send", "channel": "email", "subject": "{{ contact.org }}", "body": "."}]}');
INSERT INTO crm.contacts (org, email) VALUES ('acme', 'a@x.test');
SELECT workflow.tick('2026-03-02 13:00+00');
ALTER TABLE crm.contacts FORCE ROW LEVEL SECURITY;
SELECT workflow.tick('2026-03-02 14:00+00');
SELECT is((SELECT state FROM workflow.enrollments WHERE workflow = 'later'), 'waiting', 'attach 12: a row that a policy hides is not taken for a deleted one');
SELECT alike(finding('source crm.contacts'), 'error%forces row-level security%', 'attach 12: doctor says why it waits');
ALTER TABLE crm.contacts NO FORCE ROW LEVEL SECURITY;
SELECT workflow.tick('2026-03-02 14:02+00');
SELECT is(said('later'), 'acme', 'attach 12: and it goes on when that is over');
ALTER TABLE crm.contacts OWNER TO CURRENT_USER; GRANT SELECT ON crm.contacts TO crm_owner;
SELECT alike(finding('source crm.contacts'), 'error query would be affected by row-level security%',
  'attach 12: doctor tries to read the rows as who attached');

SELECT throws_ok($$SELECT workflow.tick('infinity')$$, '22023', NULL, 'a virtual clock shows a time');
SELECT throws_ok($$SELECT workflow.emit('a.b', '1', at => '-infinity')$$, '22023', NULL, 'an event happens at a time');
SELECT * FROM finish();
ROLLBACK;

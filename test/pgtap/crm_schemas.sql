-- The tables of known CRMs and shops as they are, each with a binding that fits and a workflow that runs over it (attach 1 to 12).
BEGIN;
SELECT plan(43);
SET LOCAL client_min_messages = error;

CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text, settings text = '{"reentry": "every_event"}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.said(workflow text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.contact_key || ':' || coalesce(o.body, '-'), ', ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow
$$;
CREATE FUNCTION pg_temp.detach_all() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  s record;
BEGIN
  FOR s IN SELECT name FROM workflow.workflow WHERE status = 'published' LOOP
    PERFORM workflow.archive(s.name, force => true);
  END LOOP;
  PERFORM FROM workflow.tick('2031-12-31 00:00Z');
  FOR s IN SELECT relation FROM workflow.source LOOP
    PERFORM workflow.detach(s.relation);
  END LOOP;
END $$;

-- Odoo: timestamps in UTC without a zone, translated names in jsonb, a rel table without an id, active = false, a block list by address.
CREATE SCHEMA odoo;
SET LOCAL search_path = odoo, public;
CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, email varchar, mobile varchar, tz varchar, lang varchar, company_id int, active boolean DEFAULT true,
  parent_id int, is_company boolean, create_date timestamp DEFAULT (now() AT TIME ZONE 'UTC'));
CREATE TABLE res_partner_category (id serial PRIMARY KEY, name jsonb NOT NULL, color int, active boolean DEFAULT true);
CREATE TABLE res_partner_res_partner_category_rel (category_id int NOT NULL, partner_id int NOT NULL, PRIMARY KEY (category_id, partner_id));
CREATE TABLE sale_order (id serial PRIMARY KEY, name varchar, partner_id int NOT NULL, company_id int NOT NULL, state varchar, date_order timestamp, amount_total numeric, commitment_date timestamp);
CREATE TABLE crm_stage (id serial PRIMARY KEY, name jsonb, is_won boolean);
CREATE TABLE crm_lead (id serial PRIMARY KEY, partner_id int, email_from varchar, stage_id int, type varchar, probability double precision, active boolean DEFAULT true, date_closed timestamp);
CREATE TABLE mail_blacklist (id serial PRIMARY KEY, email varchar NOT NULL, active boolean DEFAULT true);
SELECT FROM workflow.attach('res_partner', $${"entity": "contact", "account": "company_id", "at": "created", "zone": ["tz"],
  "fields": {"phone": "mobile", "locale": "lang", "created": {"column": "create_date", "zone": "UTC"}},
  "tags": {"through": "res_partner_res_partner_category_rel", "owner": "partner_id", "tag": ["category_id", "res_partner_category.id", "res_partner_category.name.en_US"]},
  "live": {"field": "active", "operator": "=", "value": true},
  "consent": [{"channel": "email", "allowed_when": {"sql": "SELECT NOT EXISTS (SELECT FROM mail_blacklist b WHERE b.active AND lower(b.email) = lower(row.email))"}}]}$$);
SELECT FROM workflow.attach('sale_order', $${"entity": "order", "account": "company_id", "contact": "partner_id", "fields": {"ordered": {"column": "date_order", "zone": "UTC"}},
  "events": {"order.confirmed": {"once": true, "when": {"field": "state", "operator": "changedTo", "value": "sale"}, "at": "ordered"}}}$$);
SELECT FROM workflow.attach('crm_lead', $${"entity": "opportunity", "contact": ["partner_id", {"match": {"contact.email": "email_from"}}],
  "fields": {"won": {"sql": "SELECT s.is_won FROM crm_stage s WHERE s.id = row.stage_id", "type": "boolean"}},
  "events": {"stage_changed": {"when": {"field": "stage_id", "operator": "changed"}}}, "live": {"field": "active", "operator": "=", "value": true}}$$);
SELECT is((SELECT string_agg(state, ',') FROM workflow.doctor() WHERE name LIKE 'source odoo.%'), 'ok,ok,ok', 'Odoo: attached');
SELECT pg_temp.publish('vip orders', '[{"on": "order.confirmed", "filter": {"combinator": "and", "rules": [{"field": "order.amount_total", "operator": ">=", "value": "100.50"}, {"field": "contact.tags", "operator": "containsAny", "value": ["VIP", "Gold"]}]}}]',
  '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ order.name }} {{ order.amount_total | money: \"EUR\" }}"}]');
SELECT pg_temp.publish('won', '[{"on": "opportunity.stage_changed", "filter": {"field": "opportunity.won", "operator": "=", "value": true}}]', '[{"type": "send", "channel": "sms", "body": "won"}]');
SELECT pg_temp.publish('tagged', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "VIP"}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "hi {{ contact.name }}"}]');
INSERT INTO res_partner (name, email, tz, company_id) VALUES ('Ana', 'ana@x.test', 'Europe/Brussels', 1), ('Bob', 'bob@x.test', NULL, 1), ('Old', 'old@x.test', 'bogus', 1);
INSERT INTO res_partner_category (name) VALUES ('{"en_US": "VIP", "fr_FR": "TGI"}'), ('{"en_US": "Other"}');
INSERT INTO sale_order (name, partner_id, company_id, state, date_order, amount_total) VALUES ('S001', 1, 1, 'draft', '2031-01-05 12:00', 250.00), ('S002', 2, 1, 'sale', '2031-01-05 12:00', 99);
INSERT INTO res_partner_res_partner_category_rel VALUES (1, 1), (2, 2);
INSERT INTO crm_stage (name, is_won) VALUES ('{"en_US": "New"}', false), ('{"en_US": "Won"}', true);
INSERT INTO crm_lead (partner_id, email_from, stage_id) VALUES (NULL, 'bob@x.test', 1);
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('tagged'), '1:hi Ana', 'Odoo: a translated name is the tag');
UPDATE sale_order SET state = 'sale' WHERE id = 1;
UPDATE crm_lead SET stage_id = 2;
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.said('vip orders'), '1:S001 €250.00', 'Odoo: an order of a tagged customer');
SELECT is(pg_temp.said('won'), '2:won', 'Odoo: a lead by its address, a flag on a related row');
INSERT INTO mail_blacklist (email) VALUES ('ANA@x.test');
DELETE FROM res_partner_res_partner_category_rel; INSERT INTO res_partner_res_partner_category_rel VALUES (1, 2);
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT is((SELECT string_agg(c.contact_key, ',' ORDER BY c.contact_key) FROM workflow.claim(channel => 'email') c), '2', 'Odoo: a block list by address is asked when a message is claimed');
SELECT pg_temp.publish('tags odoo', '[{"on": "manual"}]', '[{"type": "tag", "add": ["VIP"], "remove": ["Other"]}, {"type": "send", "channel": "sms", "body": "{{ contact.tags | join }}"}]');
INSERT INTO res_partner_res_partner_category_rel VALUES (2, 1);
SELECT workflow.enroll('tags odoo', '1');
SELECT FROM workflow.tick('2031-01-06 12:00Z');
SELECT is(pg_temp.said('tags odoo'), '1:VIP', 'Odoo: the tag step writes the rel table');
UPDATE res_partner SET active = false WHERE id = 2;
UPDATE crm_lead SET stage_id = 1; 
UPDATE crm_lead SET stage_id = 2;
SELECT FROM workflow.tick('2031-01-06 13:00Z');
SELECT is(pg_temp.said('won'), '2:won', 'Odoo: an archived partner enters nothing');
SELECT pg_temp.detach_all();

-- Chatwoot: numbers for statuses, jsonb attributes, acts-as-taggable-on labels, one contact in many conversations.
CREATE SCHEMA chatwoot;
SET LOCAL search_path = chatwoot, public;
CREATE TABLE contacts (id serial PRIMARY KEY, name varchar, email varchar, phone_number varchar, account_id int NOT NULL, additional_attributes jsonb DEFAULT '{}', custom_attributes jsonb DEFAULT '{}',
  blocked boolean NOT NULL DEFAULT false, created_at timestamp(6) NOT NULL DEFAULT now(), updated_at timestamp(6) NOT NULL DEFAULT now());
CREATE TABLE conversations (id serial PRIMARY KEY, account_id int NOT NULL, inbox_id int NOT NULL, status int NOT NULL DEFAULT 0, contact_id bigint, display_id int NOT NULL, priority int, assignee_id int,
  snoozed_until timestamp, custom_attributes jsonb DEFAULT '{}', created_at timestamp NOT NULL DEFAULT now());
CREATE TABLE tags (id serial PRIMARY KEY, name varchar, taggings_count int DEFAULT 0);
CREATE UNIQUE INDEX ON tags (name);
CREATE TABLE taggings (id serial PRIMARY KEY, tag_id int, taggable_type varchar, taggable_id int, tagger_type varchar, tagger_id int, context varchar(128), created_at timestamp);
CREATE UNIQUE INDEX taggings_idx ON taggings (tag_id, taggable_id, taggable_type, context, tagger_id, tagger_type);
SELECT FROM workflow.attach('contacts', $${"entity": "contact", "account": "account_id", "fields": {"phone": "phone_number"}, "zone": {"sql": "SELECT row.additional_attributes->>'timezone'"},
  "tags": {"through": "taggings", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "tags.name"], "only": {"taggable_type": "Contact", "context": "labels"}},
  "live": {"field": "blocked", "operator": "=", "value": false}}$$);
SELECT FROM workflow.attach('conversations', $${"entity": "ticket", "account": "account_id", "contact": "contact_id",
  "tags": {"through": "taggings", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "tags.name"], "only": {"taggable_type": "Conversation", "context": "labels"}},
  "events": {"solved": {"when": {"field": "status", "operator": "changedTo", "value": 1}}, "reopened": {"when": {"combinator": "and", "rules": [{"field": "status", "operator": "changedTo", "value": 0}, {"field": "old.status", "operator": "=", "value": 1}]}}}}$$);
SELECT pg_temp.publish('csat', '[{"on": "ticket.solved", "filter": {"combinator": "and", "rules": [{"field": "ticket.tags", "operator": "doesNotContain", "value": "spam"}, {"field": "contact.custom_attributes.plan", "operator": "in", "value": ["pro", "team"]}]}}]',
  '[{"type": "send", "channel": "email", "subject": "s", "body": "#{{ ticket.display_id }} {{ contact.custom_attributes.plan }}"}]');
SELECT pg_temp.publish('reopened', '[{"on": "ticket.reopened"}]', '[{"type": "set", "values": {"ticket.priority": 2}}]');
INSERT INTO contacts (name, email, account_id, custom_attributes, additional_attributes) VALUES ('A', 'a@x', 1, '{"plan": "pro"}', '{"timezone": "Asia/Tokyo"}'), ('B', 'b@x', 1, '{"plan": "free"}', '{}'), ('C', 'c@x', 2, '{"plan": "team"}', '{}');
INSERT INTO conversations (account_id, inbox_id, contact_id, display_id) VALUES (1, 1, 1, 11), (1, 1, 2, 12), (2, 1, 3, 13), (1, 1, 1, 14);
INSERT INTO tags (name) VALUES ('spam');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
UPDATE conversations SET status = 1;
INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) VALUES (1, 'Conversation', 4, 'labels'), (1, 'Contact', 1, 'labels');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.said('csat'), '1:#11 pro, 3:#13 team', 'Chatwoot: a number as status, jsonb attributes, labels of the conversation written in the same transaction');
UPDATE conversations SET status = 0 WHERE id = 1;
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT is((SELECT priority FROM conversations WHERE id = 1), 2, 'Chatwoot: reopened');
SELECT pg_temp.publish('label', '[{"on": "manual"}]', '[{"type": "tag", "add": ["hot"]}]');
SELECT workflow.enroll('label', '2', account => '1');
SELECT FROM workflow.tick('2031-01-06 12:00Z');
SELECT is((SELECT count(*) FROM taggings g JOIN tags t ON t.id = g.tag_id WHERE t.name = 'hot' AND g.taggable_id = 2 AND g.taggable_type = 'Contact' AND g.context = 'labels'), 1::bigint, 'Chatwoot: a label by a step');
SELECT pg_temp.detach_all();

-- Fat Free CRM: an opportunity of several contacts by a join table with soft deletion, addresses that are anybody's, taggings.
CREATE SCHEMA ffcrm;
SET LOCAL search_path = ffcrm, public;
CREATE TABLE contacts (id serial PRIMARY KEY, first_name varchar(64) NOT NULL DEFAULT '', email varchar(254), alt_email varchar(254), do_not_call boolean NOT NULL DEFAULT false, deleted_at timestamp, created_at timestamp DEFAULT now());
CREATE TABLE opportunities (id serial PRIMARY KEY, name varchar(64) NOT NULL, stage varchar(32), amount numeric(12,2), closes_on date, deleted_at timestamp, created_at timestamp DEFAULT now());
CREATE TABLE contact_opportunities (id serial PRIMARY KEY, contact_id int, opportunity_id int, role varchar(32), deleted_at timestamp, created_at timestamp DEFAULT now());
CREATE TABLE addresses (id serial PRIMARY KEY, city varchar(64), country varchar(64), address_type varchar(16), addressable_id int, addressable_type varchar, deleted_at timestamp);
SELECT FROM workflow.attach('contacts', $${"entity": "contact", "live": {"field": "deleted_at", "operator": "null"},
  "fields": {"country": {"sql": "SELECT a.country FROM addresses a WHERE a.addressable_type = 'Contact' AND a.addressable_id = row.id AND a.address_type = 'Business' AND a.deleted_at IS NULL LIMIT 1", "type": "text"}},
  "zone": {"sql": "SELECT CASE a.country WHEN 'DE' THEN 'Europe/Berlin' END FROM addresses a WHERE a.addressable_type = 'Contact' AND a.addressable_id = row.id LIMIT 1"},
  "consent": [{"channel": "phone", "allowed_when": {"field": "do_not_call", "operator": "=", "value": false}}]}$$);
SELECT FROM workflow.attach('opportunities', $${"entity": "opportunity", "live": {"field": "deleted_at", "operator": "null"},
  "contact": {"sql": "SELECT j.contact_id FROM contact_opportunities j WHERE j.opportunity_id = row.id AND j.deleted_at IS NULL"},
  "fields": {"closing": {"column": "closes_on", "at": "09:00", "zone": "Europe/Berlin"}},
  "events": {"won": {"once": true, "when": {"field": "stage", "operator": "changedTo", "value": "won"}}}}$$);
SELECT pg_temp.publish('congratulate', '[{"on": "opportunity.won"}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ opportunity.name }} {{ contact.country }}"}]');
SELECT pg_temp.publish('before closing', '[{"on": "opportunity.created"}]', '[{"type": "wait", "until_date": {"field": "opportunity.closing", "offset": "-1 day"}}, {"type": "send", "channel": "email", "subject": "s", "body": "closes"}]');
INSERT INTO contacts (first_name, email) VALUES ('A', 'a@x'), ('B', 'b@x'), ('C', 'c@x');
INSERT INTO addresses (country, address_type, addressable_id, addressable_type) VALUES ('DE', 'Business', 1, 'Contact'), ('US', 'Business', 1, 'Account');
INSERT INTO opportunities (name, stage, amount, closes_on) VALUES ('Deal', 'won', 10, '2031-02-01');
INSERT INTO contact_opportunities (contact_id, opportunity_id, deleted_at) VALUES (1, 1, NULL), (2, 1, NULL), (3, 1, now());
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('congratulate'), '1:Deal DE, 2:Deal ', 'Fat Free CRM: inserted already won, several contacts, join rows written afterwards, dead ones left out');
SELECT FROM workflow.tick('2031-01-31 07:59Z');
SELECT is(pg_temp.said('before closing'), NULL, 'a date at a clock time of its zone: not yet');
SELECT FROM workflow.tick('2031-01-31 08:00Z');
SELECT is(pg_temp.said('before closing'), '1:closes, 2:closes', 'and then');
SELECT pg_temp.detach_all();

-- Twenty: a schema per workspace, camel case, uuids, enums, money in micros, deletedAt.
CREATE SCHEMA "workspace_3k";
SET LOCAL search_path = "workspace_3k", public;
CREATE TYPE opportunity_stage_enum AS ENUM ('NEW', 'SCREENING', 'MEETING', 'CUSTOMER');
CREATE TABLE person (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "createdAt" timestamptz NOT NULL DEFAULT now(), "deletedAt" timestamptz, "nameFirstName" text, "emailsPrimaryEmail" text, "emailsAdditionalEmails" jsonb,
  "phonesPrimaryPhoneNumber" text, "companyId" uuid, position double precision NOT NULL DEFAULT 0, "searchVector" tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce("nameFirstName", ''))) STORED);
CREATE TABLE opportunity (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, stage opportunity_stage_enum NOT NULL DEFAULT 'NEW', "amountAmountMicros" numeric, "amountCurrencyCode" text, "closeDate" timestamptz, "pointOfContactId" uuid, "deletedAt" timestamptz);
SELECT FROM workflow.attach('person', '{"entity": "contact", "account": {"value": "3k"}, "at": "createdAt", "fields": {"first_name": "nameFirstName", "email": "emailsPrimaryEmail", "phone": "phonesPrimaryPhoneNumber"}, "live": {"field": "deletedAt", "operator": "null"}}');
SELECT FROM workflow.attach('opportunity', '{"entity": "opportunity", "contact": "pointOfContactId", "live": {"field": "deletedAt", "operator": "null"},
  "fields": {"amount": {"sql": "SELECT row.\"amountAmountMicros\" / 1000000", "type": "numeric"}}, "events": {"stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}');
SELECT pg_temp.publish('customer', '[{"on": "opportunity.stage_changed", "filter": {"combinator": "and", "rules": [{"field": "opportunity.stage", "operator": "=", "value": "CUSTOMER"}, {"field": "old.stage", "operator": "!=", "value": "CUSTOMER"}]}}]',
  '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ contact.first_name }} {{ opportunity.amount | money: opportunity.amountCurrencyCode }} {{ opportunity.stage }}"}]', '{"entry_key": "opportunity"}');
INSERT INTO person (id, "nameFirstName", "emailsPrimaryEmail") VALUES ('a0000000-0000-0000-0000-000000000001', 'Zoë', 'z@x');
INSERT INTO opportunity (id, name, "pointOfContactId", "amountAmountMicros", "amountCurrencyCode") VALUES ('b0000000-0000-0000-0000-000000000001', 'O', 'a0000000-0000-0000-0000-000000000001', 1250000000, 'USD');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
UPDATE opportunity SET stage = 'MEETING';
SELECT FROM workflow.tick('2031-01-06 10:00Z');
UPDATE opportunity SET stage = 'CUSTOMER';
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT is(pg_temp.said('customer'), 'a0000000-0000-0000-0000-000000000001:Zoë $1,250.00 CUSTOMER', 'Twenty: enums, camel case, a computed amount');
SELECT is((SELECT account FROM workflow.outbox WHERE workflow = 'customer'), '3k', 'Twenty: a schema is a tenant');
UPDATE person SET "deletedAt" = now();
UPDATE opportunity SET stage = 'NEW';
UPDATE opportunity SET stage = 'CUSTOMER';
SELECT FROM workflow.tick('2031-01-06 12:00Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'customer'), 1::bigint, 'Twenty: deletedAt');
SELECT pg_temp.detach_all();

-- Medusa: text keys, a table called "order", a guest by e-mail, totals in another table's jsonb, groups by a join table with its own id and soft deletion.
CREATE SCHEMA medusa;
SET LOCAL search_path = medusa, public;
CREATE TABLE customer (id text PRIMARY KEY, email text, first_name text, has_account boolean NOT NULL DEFAULT false, metadata jsonb, created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz);
CREATE TABLE customer_group (id text PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz);
CREATE TABLE customer_group_customer (id text PRIMARY KEY, customer_id text NOT NULL, customer_group_id text NOT NULL, deleted_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
CREATE TYPE order_status_enum AS ENUM ('pending', 'completed', 'draft', 'archived', 'canceled', 'requires_action');
CREATE TABLE "order" (id text PRIMARY KEY, display_id serial, customer_id text, email text, status order_status_enum NOT NULL DEFAULT 'pending', currency_code text NOT NULL, canceled_at timestamptz, deleted_at timestamptz, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE order_summary (id text PRIMARY KEY, order_id text NOT NULL, totals jsonb, deleted_at timestamptz);
CREATE TABLE cart (id text PRIMARY KEY, customer_id text, email text, completed_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz);
SELECT FROM workflow.attach('customer', $${"entity": "contact", "live": {"field": "deleted_at", "operator": "null"},
  "tags": {"through": "customer_group_customer", "owner": "customer_id", "tag": ["customer_group_id", "customer_group.id", "customer_group.name"], "live": {"field": "deleted_at", "operator": "null"}}}$$);
SELECT FROM workflow.attach('"order"', $${"entity": "order", "live": {"field": "deleted_at", "operator": "null"}, "contact": ["customer_id", {"match": {"contact.email": "email"}}],
  "fields": {"total": {"sql": "SELECT (s.totals->>'current_order_total')::numeric FROM order_summary s WHERE s.order_id = row.id", "type": "numeric"}},
  "events": {"cancelled": {"once": true, "when": {"field": "canceled_at", "operator": "becameNotNull"}, "at": "canceled_at"}}}$$);
SELECT FROM workflow.attach('cart', $${"entity": "cart", "live": [{"field": "deleted_at", "operator": "null"}, {"field": "completed_at", "operator": "null"}], "contact": ["customer_id", {"match": {"contact.email": "email"}}]}$$);
SELECT pg_temp.publish('big order', '[{"on": "order.created", "filter": {"field": "order.total", "operator": ">", "value": 100}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ order.display_id }} {{ order.total | money: order.currency_code }}"}]');
SELECT pg_temp.publish('abandoned', '[{"on": "cart.updated"}, {"on": "cart.created"}]', '[{"type": "wait", "for": "1 hour"}, {"type": "send", "channel": "email", "subject": "s", "body": "come back"}]', '{"entry_key": "cart"}');
SELECT pg_temp.publish('grouped', '[{"on": "contact.tag_added"}]', '[{"type": "send", "channel": "push", "body": "{{ event.tag }}"}]');
INSERT INTO customer (id, email, has_account) VALUES ('cus_1', 'a@x', true), ('cus_2', 'g@x', false);
INSERT INTO customer_group (id, name) VALUES ('g1', 'Wholesale');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
INSERT INTO "order" (id, customer_id, currency_code) VALUES ('o1', 'cus_1', 'eur');
INSERT INTO "order" (id, email, currency_code) VALUES ('o2', 'g@x', 'usd'), ('o3', 'nobody@x', 'usd');
INSERT INTO order_summary VALUES ('s1', 'o1', '{"current_order_total": 250.5}'), ('s2', 'o2', '{"current_order_total": 101}'), ('s3', 'o3', '{"current_order_total": 500}');
INSERT INTO cart (id, customer_id) VALUES ('c1', 'cus_1'), ('c2', 'cus_2');
INSERT INTO customer_group_customer (id, customer_id, customer_group_id) VALUES ('x1', 'cus_1', 'g1');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(pg_temp.said('big order'), 'cus_1:1 €250.50, cus_2:2 $101.00', 'Medusa: totals of another table written afterwards; a guest by the address');
SELECT is(pg_temp.said('grouped'), 'cus_1:Wholesale', 'Medusa: a group is a tag');
UPDATE cart SET completed_at = now() WHERE id = 'c2';
INSERT INTO customer (id, email) VALUES ('cus_3', 'nobody@x');
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT is(pg_temp.said('abandoned'), 'cus_1:come back', 'Medusa: a cart that was completed meanwhile is no more');
SELECT is(right(pg_temp.said('big order'), 15), 'cus_3:3 $500.00', 'Medusa: an order of somebody unknown waits for the customer');
SELECT is((SELECT message FROM workflow.validate('{"triggers": [{"on": "manual"}], "steps": [{"type": "tag", "add": ["a"]}]}') WHERE severity = 'error'),
  'the tags of "contact" cannot be changed: column "id" of "medusa.customer_group_customer" has no default; give it in "add"', 'Medusa: keys that the application makes');
SELECT pg_temp.detach_all();

-- Spree: a state machine in text, payment and shipment states, an order inserted complete, addresses by key, store credits; lists with an opt-out each.
CREATE SCHEMA spree;
SET LOCAL search_path = spree, public;
CREATE TABLE spree_users (id bigserial PRIMARY KEY, email varchar, login varchar, deleted_at timestamp, selected_locale varchar);
CREATE TABLE spree_addresses (id bigserial PRIMARY KEY, phone varchar, country_iso varchar);
CREATE TABLE spree_orders (id bigserial PRIMARY KEY, number varchar(32), state varchar, email varchar, user_id bigint, completed_at timestamp, canceled_at timestamp, payment_state varchar, shipment_state varchar,
  total numeric(10,2) NOT NULL DEFAULT 0, currency varchar, ship_address_id bigint, created_at timestamp NOT NULL DEFAULT now());
SELECT FROM workflow.attach('spree_users', $${"entity": "contact", "live": {"field": "deleted_at", "operator": "null"}, "fields": {"locale": "selected_locale",
  "phone": {"sql": "SELECT a.phone FROM spree_orders o JOIN spree_addresses a ON a.id = o.ship_address_id WHERE o.user_id = row.id AND o.completed_at IS NOT NULL ORDER BY o.completed_at DESC LIMIT 1", "type": "text"}}}$$);
SELECT FROM workflow.attach('spree_orders', $${"entity": "order", "contact": ["user_id", {"match": {"contact.email": "email"}}], "fields": {"done": {"column": "completed_at", "zone": "UTC"}},
  "events": {"placed": {"once": true, "when": {"field": "completed_at", "operator": "becameNotNull"}, "at": "done"},
             "paid": {"once": true, "when": {"field": "payment_state", "operator": "changedTo", "value": "paid"}},
             "delivery": {"once": true, "when": {"field": "shipment_state", "operator": "changedTo", "value": "shipped"}},
             "cancelled": {"once": true, "when": {"field": "state", "operator": "changedTo", "value": "canceled"}}}}$$);
SELECT pg_temp.publish('all', '[{"on": "order.created"}, {"on": "order.placed"}, {"on": "order.paid"}, {"on": "order.delivery"}]', '[{"type": "send", "channel": "sms", "body": "{{ event.name }}"}]', '{"entry_key": "order", "reentry": "every_event"}');
SELECT pg_temp.publish('cancel', '[{"on": "order.placed"}]', '[{"type": "wait", "for": "2 days"}, {"type": "send", "channel": "email", "subject": "s", "body": "how was it"}]', '{"entry_key": "order", "exit": {"on": "order.cancelled"}}');
INSERT INTO spree_users (email) VALUES ('a@x'), ('b@x');
INSERT INTO spree_addresses (phone, country_iso) VALUES ('+1555', 'US');
INSERT INTO spree_orders (number, state, email, user_id, completed_at, payment_state, shipment_state, ship_address_id) VALUES ('R1', 'complete', 'a@x', 1, '2031-01-06 08:00', 'paid', 'shipped', 1), ('R2', 'cart', 'b@x', NULL, NULL, NULL, NULL, NULL);
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is((SELECT string_agg(o.body, ',' ORDER BY o.body) FROM workflow.outbox o WHERE o.workflow = 'all' AND o.contact_key = '1'), 'order.created,order.delivery,order.paid,order.placed', 'Spree: an order that arrives complete has each of its events once');
SELECT is((SELECT DISTINCT o.recipient->>'address' FROM workflow.outbox o WHERE o.workflow = 'all' AND o.contact_key = '1'), '+1555', 'Spree: the phone is two tables away');
UPDATE spree_orders SET state = 'complete', completed_at = '2031-01-06 09:30' WHERE id = 2;
UPDATE spree_orders SET payment_state = 'paid'; UPDATE spree_orders SET payment_state = 'balance_due'; UPDATE spree_orders SET payment_state = 'paid';
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is((SELECT string_agg(o.body, ',' ORDER BY o.body) FROM workflow.outbox o WHERE o.workflow = 'all' AND o.contact_key = '2'), 'order.created,order.paid,order.placed', 'Spree: paid twice is once');
UPDATE spree_orders SET state = 'canceled' WHERE id = 2;
SELECT FROM workflow.tick('2031-01-08 10:00Z');
SELECT is(pg_temp.said('cancel'), '1:how was it', 'Spree: a cancelled order ends');
SELECT pg_temp.detach_all();

-- EspoCRM: keys made by the application, deleted flags everywhere, the address two hops away, target lists with opting out, a table called "case".
CREATE SCHEMA espo;
SET LOCAL search_path = espo, public;
CREATE TABLE contact (id varchar(24) PRIMARY KEY, first_name varchar(100), deleted boolean DEFAULT false, do_not_call boolean NOT NULL DEFAULT false, created_at timestamp, account_id varchar(24));
CREATE TABLE email_address (id varchar(24) PRIMARY KEY, name varchar(255), lower varchar(255), deleted boolean DEFAULT false, invalid boolean NOT NULL DEFAULT false, opt_out boolean NOT NULL DEFAULT false);
CREATE TABLE entity_email_address (id bigserial PRIMARY KEY, entity_id varchar(24), email_address_id varchar(24), entity_type varchar(100), "primary" boolean DEFAULT false, deleted boolean DEFAULT false);
CREATE TABLE "case" (id varchar(24) PRIMARY KEY, number serial, name varchar(255), status varchar(255) DEFAULT 'New', contact_id varchar(24), deleted boolean DEFAULT false);
CREATE TABLE target_list (id varchar(24) PRIMARY KEY, name varchar(255), deleted boolean DEFAULT false);
CREATE TABLE contact_target_list (id bigserial PRIMARY KEY, contact_id varchar(24), target_list_id varchar(24), opted_out boolean DEFAULT false, deleted boolean DEFAULT false, UNIQUE (contact_id, target_list_id));
SELECT FROM workflow.attach('contact', $${"entity": "contact", "live": {"field": "deleted", "operator": "=", "value": false},
  "fields": {"email": {"sql": "SELECT e.name FROM entity_email_address x JOIN email_address e ON e.id = x.email_address_id WHERE x.entity_id = row.id AND x.entity_type = 'Contact' AND x.\"primary\" AND NOT x.deleted AND NOT e.deleted", "type": "text"}},
  "tags": {"through": "contact_target_list", "owner": "contact_id", "tag": ["target_list_id", "target_list.id", "target_list.name"],
           "live": {"combinator": "and", "rules": [{"field": "deleted", "operator": "=", "value": false}, {"field": "opted_out", "operator": "=", "value": false}]}, "remove": {"opted_out": true}},
  "consent": [{"channel": "email", "category": "transactional", "allowed_when": {"sql": "SELECT NOT bool_or(e.invalid) FROM entity_email_address x JOIN email_address e ON e.id = x.email_address_id WHERE x.entity_id = row.id"}},
              {"channel": "email", "allowed_when": {"sql": "SELECT NOT bool_or(e.opt_out) FROM entity_email_address x JOIN email_address e ON e.id = x.email_address_id WHERE x.entity_id = row.id"}},
              {"channel": "phone", "allowed_when": {"field": "do_not_call", "operator": "=", "value": false}}]}$$);
SELECT FROM workflow.attach('"case"', $${"entity": "case", "contact": "contact_id", "live": {"field": "deleted", "operator": "=", "value": false}, "events": {"closed": {"when": {"field": "status", "operator": "changedTo", "value": "Closed"}}}}$$);
SELECT pg_temp.publish('closed', '[{"on": "case.closed", "filter": {"field": "contact.tags", "operator": "contains", "value": "Survey"}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "#{{ case.number }} {{ contact.email }}"}]');
SELECT pg_temp.publish('left', '[{"on": "contact.tag_removed"}]', '[{"type": "send", "channel": "push", "body": "{{ event.tag }}"}]');
INSERT INTO contact (id, first_name) VALUES ('c1', 'A'), ('c2', 'B'), ('c3', 'C');
INSERT INTO email_address (id, name, opt_out) VALUES ('e1', 'a@x', false), ('e2', 'b@x', true), ('e3', 'c@x', false);
INSERT INTO entity_email_address (entity_id, email_address_id, entity_type, "primary") VALUES ('c1', 'e1', 'Contact', true), ('c2', 'e2', 'Contact', true), ('c3', 'e3', 'Contact', true);
INSERT INTO target_list (id, name) VALUES ('t1', 'Survey');
INSERT INTO contact_target_list (contact_id, target_list_id, opted_out) VALUES ('c1', 't1', false), ('c2', 't1', false), ('c3', 't1', true);
INSERT INTO "case" (id, name, contact_id) VALUES ('k1', 'x', 'c1'), ('k2', 'y', 'c2'), ('k3', 'z', 'c3');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
UPDATE "case" SET status = 'Closed';
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is((SELECT string_agg(o.contact_key || ':' || o.state || ' ' || coalesce(o.body, '-'), ', ' ORDER BY o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'closed'), 'c1:ready #1 a@x, c2:suppressed -', 'EspoCRM: the address two hops away, opt-out at the address, a list membership opted out');
SELECT pg_temp.publish('unlist', '[{"on": "manual"}]', '[{"type": "tag", "remove": ["Survey"]}]');
SELECT workflow.enroll('unlist', 'c1');
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT FROM workflow.tick('2031-01-06 11:01Z');
SELECT is((SELECT string_agg(contact_id || opted_out || deleted, ',' ORDER BY id) FROM contact_target_list), 'c1truefalse,c2falsefalse,c3truefalse', 'EspoCRM: removing opts out, as the binding says');
SELECT is(pg_temp.said('left'), 'c1:Survey', 'EspoCRM: and that is an event');
SELECT pg_temp.detach_all();

-- Django-CRM: uuid keys, an organization on every row, ManyToMany tables with ids of their own, many contacts of one deal.
CREATE SCHEMA django;
SET LOCAL search_path = django, public;
CREATE TABLE common_org (id uuid PRIMARY KEY, name varchar(100));
CREATE TABLE contacts (id uuid PRIMARY KEY, first_name varchar(255) NOT NULL, primary_email varchar(254), do_not_call boolean NOT NULL DEFAULT false, is_active boolean NOT NULL DEFAULT true, org_id uuid NOT NULL, country varchar(3));
CREATE TABLE accounts_tags (id uuid PRIMARY KEY, name varchar(20) NOT NULL, slug varchar(20) NOT NULL);
CREATE TABLE contacts_tags (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, contact_id uuid NOT NULL, tags_id uuid NOT NULL, UNIQUE (contact_id, tags_id));
CREATE TABLE opportunity (id uuid PRIMARY KEY, name varchar(64) NOT NULL, stage varchar(64) NOT NULL, amount numeric(12,2), closed_on date, org_id uuid NOT NULL, is_active boolean NOT NULL DEFAULT true);
CREATE TABLE opportunity_contacts (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, opportunity_id uuid NOT NULL, contact_id uuid NOT NULL);
SELECT FROM workflow.attach('contacts', $${"entity": "contact", "account": "org_id", "fields": {"email": "primary_email"}, "live": {"field": "is_active", "operator": "=", "value": true},
  "zone": {"column": "country", "map": {"DE": "Europe/Berlin", "IN": "Asia/Kolkata"}},
  "tags": {"through": "contacts_tags", "owner": "contact_id", "tag": ["tags_id", "accounts_tags.id", "accounts_tags.name"]}}$$);
SELECT FROM workflow.attach('opportunity', $${"entity": "opportunity", "account": "org_id", "contact": {"sql": "SELECT c.contact_id FROM opportunity_contacts c WHERE c.opportunity_id = row.id ORDER BY c.id"},
  "events": {"stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}$$);
SELECT pg_temp.publish('stage', '[{"on": "opportunity.stage_changed", "filter": {"field": "opportunity.stage", "operator": "in", "value": ["CLOSED WON", "NEGOTIATION"]}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ opportunity.stage }}"}]', '{"timezone": "contact", "reentry": "every_event", "send_window": [{"days": ["mon"], "from": "09:00", "to": "17:00"}]}');
INSERT INTO contacts VALUES ('00000000-0000-0000-0000-0000000000a1', 'A', 'same@x', false, true, '00000000-0000-0000-0000-00000000000f', 'DE'), ('00000000-0000-0000-0000-0000000000a2', 'B', 'same@x', false, true, '00000000-0000-0000-0000-00000000000f', 'IN'),
  ('00000000-0000-0000-0000-0000000000a3', 'C', 'same@x', false, false, '00000000-0000-0000-0000-00000000000f', 'IN');
INSERT INTO opportunity VALUES ('00000000-0000-0000-0000-0000000000b1', 'O', 'PROSPECTING', 5, NULL, '00000000-0000-0000-0000-00000000000f');
INSERT INTO opportunity_contacts (opportunity_id, contact_id) SELECT '00000000-0000-0000-0000-0000000000b1', id FROM contacts;
SELECT FROM workflow.tick('2031-01-06 00:00Z');
UPDATE opportunity SET stage = 'NEGOTIATION';
SELECT FROM workflow.tick('2031-01-06 04:00Z');
SELECT is((SELECT string_agg(right(o.contact_key, 2), ',') FROM workflow.outbox o WHERE o.workflow = 'stage'), 'a2', 'Django-CRM: the window opens in Kolkata');
SELECT FROM workflow.tick('2031-01-06 08:00Z');
SELECT is((SELECT string_agg(right(o.contact_key, 2), ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'stage'), 'a2,a1', 'Django-CRM: and then in Berlin; who is not active gets none');
SELECT is((SELECT message FROM workflow.validate('{"triggers": [{"on": "manual"}], "steps": [{"type": "tag", "add": ["a"]}]}') WHERE severity = 'error'), NULL, 'Django-CRM: M2M rows can be written');
SELECT pg_temp.detach_all();

-- Northwind: character keys, dates without a time, a composite key for lines that are attached as an entity.
CREATE SCHEMA northwind;
SET LOCAL search_path = northwind, public;
CREATE TABLE customers (customer_id character(5) PRIMARY KEY, company_name varchar(40) NOT NULL, country varchar(15), phone varchar(24));
CREATE TABLE customer_demographics (customer_type_id character(10) PRIMARY KEY, customer_desc text);
CREATE TABLE customer_customer_demo (customer_id character(5) NOT NULL, customer_type_id character(10) NOT NULL, PRIMARY KEY (customer_id, customer_type_id));
CREATE TABLE orders (order_id smallint PRIMARY KEY, customer_id character(5), order_date date, required_date date, shipped_date date, freight real);
CREATE TABLE order_details (order_id smallint NOT NULL, product_id smallint NOT NULL, unit_price real NOT NULL, quantity smallint NOT NULL, PRIMARY KEY (order_id, product_id));
SELECT FROM workflow.attach('customers', $${"entity": "contact", "tags": {"through": "customer_customer_demo", "owner": "customer_id", "tag": ["customer_type_id", "customer_demographics.customer_type_id", "customer_demographics.customer_desc"]}}$$);
SELECT FROM workflow.attach('orders', $${"entity": "order", "contact": "customer_id", "at": "order_date", "fields": {"shipped": {"column": "shipped_date", "at": "09:00", "zone": "America/New_York"}},
  "events": {"delivery": {"once": true, "when": {"field": "shipped_date", "operator": "becameNotNull"}, "at": "shipped"}}}$$);
SELECT FROM workflow.attach('order_details', $${"entity": "line", "contact": {"sql": "SELECT o.customer_id FROM orders o WHERE o.order_id = row.order_id"}}$$);
SELECT pg_temp.publish('shipped', '[{"on": "order.delivery"}]', '[{"type": "wait", "for": "2 days", "at": "10:00"}, {"type": "send", "channel": "sms", "body": "{{ order.order_id }} {{ contact.tags | join }}"}]', '{"timezone": "America/New_York", "entry_key": "order"}');
SELECT pg_temp.publish('lines', '[{"on": "line.created", "filter": {"field": "line.quantity", "operator": ">=", "value": 10}}]', '[{"type": "send", "channel": "push", "body": "{{ line.product_id }} {{ line.unit_price }}"}]', '{"entry_key": "line"}');
INSERT INTO customers VALUES ('ALFKI', 'Alfreds', 'Germany', '030'), ('AB', 'Short', 'US', '1');
INSERT INTO customer_demographics VALUES ('NEW', 'new one');
INSERT INTO orders VALUES (1, 'ALFKI', '2031-01-01', '2031-02-01', NULL, 3.5), (2, 'AB', '2031-01-01', NULL, NULL, 1);
INSERT INTO order_details VALUES (1, 11, 14.5, 12), (1, 12, 1, 1), (2, 11, 2, 10);
INSERT INTO customer_customer_demo VALUES ('AB', 'NEW');
SELECT FROM workflow.tick('2031-01-01 12:00Z');
SELECT is(pg_temp.said('lines'), 'ALFKI:11 14.5, AB:11 2', 'Northwind: composite keys, padded keys over two hops');
UPDATE orders SET shipped_date = '2031-01-03';
SELECT FROM workflow.tick('2031-01-03 15:00Z');
SELECT FROM workflow.tick('2031-01-05 14:59Z');
SELECT is(pg_temp.said('shipped'), NULL, 'Northwind: a date at a clock time in its zone');
SELECT FROM workflow.tick('2031-01-05 15:00Z');
SELECT is((SELECT string_agg(o.contact_key || ':' || o.body, ', ' ORDER BY o.contact_key) FROM workflow.outbox o WHERE o.workflow = 'shipped'), 'AB:2 new one, ALFKI:1 ', 'Northwind: two days on, at ten; tags by padded keys');
SELECT pg_temp.detach_all();

-- Pagila: a partitioned table of payments, smallint keys, a yes-or-no number as flag.
CREATE SCHEMA pagila;
SET LOCAL search_path = pagila, public;
CREATE TABLE customer (customer_id serial PRIMARY KEY, store_id smallint NOT NULL, first_name text NOT NULL, email text, activebool boolean NOT NULL DEFAULT true, active int);
CREATE TABLE payment (payment_id serial, customer_id smallint NOT NULL, amount numeric(5,2) NOT NULL, payment_date timestamptz NOT NULL, PRIMARY KEY (payment_date, payment_id)) PARTITION BY RANGE (payment_date);
CREATE TABLE payment_p1 PARTITION OF payment FOR VALUES FROM ('2031-01-01Z') TO ('2031-02-01Z');
CREATE VIEW customer_list AS SELECT customer_id AS id, first_name AS name FROM customer;
SELECT FROM workflow.attach('customer', '{"entity": "contact", "account": "store_id", "live": {"field": "active", "operator": "=", "value": 1}}');
SELECT FROM workflow.attach('payment', '{"entity": "payment", "contact": "customer_id", "at": "payment_date"}');
SELECT FROM workflow.attach('customer_list', '{"entity": "listed", "lookup": true, "key": "id"}');
SELECT throws_like($$ SELECT workflow.attach('customer_list', '{"entity": "listed", "key": "id", "contact": "id"}') $$, 'invalid binding%', 'Pagila: a view is no source of events');
SELECT pg_temp.publish('thanks', '[{"on": "payment.created", "filter": {"field": "payment.amount", "operator": ">", "value": 5}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ payment.amount }}"}]', '{"entry_key": "payment"}');
INSERT INTO customer (store_id, first_name, email, active) VALUES (1, 'A', 'a@x', 1), (2, 'B', 'b@x', 0), (2, 'C', 'c@x', 1);
INSERT INTO payment (customer_id, amount, payment_date) VALUES (1, 9.99, '2031-01-06Z'), (2, 9.99, '2031-01-06Z');
INSERT INTO payment_p1 (customer_id, amount, payment_date) VALUES (3, 6, '2031-01-07Z');
CREATE TABLE payment_p2 PARTITION OF payment FOR VALUES FROM ('2031-02-01Z') TO ('2031-03-01Z');
INSERT INTO payment (customer_id, amount, payment_date) VALUES (1, 7, '2031-02-06Z');
SELECT FROM workflow.tick('2031-02-07 09:00Z');
UPDATE payment SET payment_date = '2031-02-08Z' WHERE customer_id = 3;
SELECT FROM workflow.tick('2031-02-08 10:00Z');
SELECT is(pg_temp.said('thanks'), '1:9.99, 3:6.00, 1:7.00', 'Pagila: leaves, later partitions, moves between them; who is not active gets none');
SELECT is((SELECT string_agg(DISTINCT account, ',') FROM workflow.enrollments WHERE workflow = 'thanks'), '1,2', 'Pagila: the account is the contact''s where the row has none');
SELECT pg_temp.detach_all();

-- Public order data: a customer row for every order, hex keys in text, an identity that is another column; timestamps without a zone.
CREATE SCHEMA olist;
SET LOCAL search_path = olist, public;
CREATE TABLE olist_customers (customer_id text PRIMARY KEY, customer_unique_id text NOT NULL, customer_state text);
CREATE TABLE olist_orders (order_id text PRIMARY KEY, customer_id text NOT NULL, order_status text, order_purchase_timestamp timestamp, order_approved_at timestamp, order_delivered_customer_date timestamp, order_estimated_delivery_date timestamp);
SELECT FROM workflow.attach('olist_customers', '{"entity": "contact", "key": "customer_unique_id", "zone": {"column": "customer_state", "map": {"SP": "America/Sao_Paulo", "AC": "America/Rio_Branco"}}}');
SELECT FROM workflow.attach('olist_orders', $${"entity": "order", "contact": {"sql": "SELECT c.customer_unique_id FROM olist_customers c WHERE c.customer_id = row.customer_id"},
  "fields": {"estimated_delivery_at": {"column": "order_estimated_delivery_date", "zone": "America/Sao_Paulo"}, "bought": {"column": "order_purchase_timestamp", "zone": "America/Sao_Paulo"}}, "at": "bought",
  "events": {"paid": {"once": true, "when": {"field": "order_approved_at", "operator": "becameNotNull"}}, "received": {"once": true, "when": {"field": "order_status", "operator": "changedTo", "value": "delivered"}}}}$$);
SELECT pg_temp.publish('first', '[{"on": "contact.created"}]', '[{"type": "send", "channel": "push", "body": "hello"}]', '{}');
SELECT pg_temp.publish('received', '[{"on": "order.received"}]', '[{"type": "send", "channel": "push", "body": "{{ order.order_id }}"}]', '{"entry_key": "contact", "reentry": "every_event"}');
SELECT pg_temp.publish('soon', '[{"on": "order.paid"}]', '[{"type": "wait", "until_date": {"field": "order.estimated_delivery_at", "offset": "-1 day"}}, {"type": "send", "channel": "push", "body": "tomorrow"}]', '{"entry_key": "order", "exit": {"on": "order.received"}}');
INSERT INTO olist_customers VALUES ('c1', 'u1', 'SP'), ('c2', 'u1', 'SP'), ('c3', 'u2', 'AC');
INSERT INTO olist_orders VALUES ('o1', 'c1', 'delivered', '2031-01-01 10:00', '2031-01-01 10:05', '2031-01-03 10:00', '2031-01-20'), ('o2', 'c2', 'shipped', '2031-01-02 10:00', '2031-01-02 10:05', NULL, '2031-01-21 00:00'), ('o3', 'c3', 'created', '2031-01-02', NULL, NULL, '2031-01-25');
SELECT FROM workflow.tick('2031-01-04 09:00Z');
SELECT is(pg_temp.said('first'), 'u1:hello, u2:hello', 'public order data: two rows, one person');
UPDATE olist_orders SET order_status = 'delivered', order_delivered_customer_date = '2031-01-05' WHERE order_id = 'o2';
SELECT FROM workflow.tick('2031-01-05 09:00Z');
SELECT is(pg_temp.said('received'), 'u1:o1, u1:o2', 'public order data: both orders are the same person''s');
UPDATE olist_orders SET order_approved_at = '2031-01-05' WHERE order_id = 'o3';
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-24 02:59Z');
SELECT is(pg_temp.said('soon'), NULL, 'public order data: midnight in Sao Paulo');
SELECT FROM workflow.tick('2031-01-24 03:00Z');
SELECT is(pg_temp.said('soon'), 'u2:tomorrow', 'public order data: a timestamp in its declared zone');
DELETE FROM olist_customers WHERE customer_id = 'c1';
SELECT FROM workflow.tick('2031-01-24 04:00Z');
SELECT is((SELECT string_agg(message, ';') FROM workflow.errors), NULL, 'no step failed anywhere');
SELECT pg_temp.detach_all();
SELECT is((SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.pronamespace = 'workflow'::regnamespace AND p.proname LIKE 'capture%'), 0::bigint, 'detached, all are as they were');
SELECT * FROM finish();
ROLLBACK;

-- The way from a row to its contact, tenants, kinds of keys, keys that change, zones. Each schema is a CRM of its own.
BEGIN;
SELECT plan(67);
SET LOCAL client_min_messages = error;
CREATE FUNCTION pg_temp.now(minutes numeric) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2031-03-03 10:00Z' + minutes * interval '1 minute' $$;
CREATE FUNCTION pg_temp.tick(minutes numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(pg_temp.now(minutes)) $$;
CREATE FUNCTION pg_temp.publish(name text, event text, settings jsonb DEFAULT '{}', account text DEFAULT '',
                                steps jsonb DEFAULT '[{"id": "m", "type": "send", "channel": "note", "body": "x"}, {"id": "stay", "type": "wait", "for": "30 days"}]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', event)), 'settings', settings, 'steps', steps), account => account);
  RETURN workflow.publish(name, account => account);
END $$;
-- "row > contact" of each entry of a workflow.
CREATE FUNCTION pg_temp.found(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s > %s', entry_key, contact_key), ', ' ORDER BY entry_key COLLATE "C", contact_key COLLATE "C") FROM workflow.enrollments WHERE workflow = name $$;

-- attach 12: two tenants with the same keys
CREATE SCHEMA tenants;
SET LOCAL search_path = tenants, public;
CREATE TABLE contacts (org text, id int, email text, PRIMARY KEY (org, id));
CREATE TABLE orders (org text, id int, contact_id int, email text, PRIMARY KEY (org, id));
CREATE TABLE leads (id int PRIMARY KEY, email text);
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "account": "org"}');
SELECT FROM workflow.attach('orders', '{"entity": "tenant_order", "account": "org", "contact": [{"column": ["org", "contact_id"]}, {"match": {"contact.email": "email"}}]}');
SELECT FROM workflow.attach('leads', '{"entity": "lead", "account": {"value": "south"}, "contact": [{"match": {"contact.email": "email"}}]}');
SELECT pg_temp.publish('everybody', 'tenant_order.created', '{"entry_key": "contact"}');
SELECT pg_temp.publish('northern', 'tenant_order.created', '{"entry_key": "contact"}', 'north');
SELECT pg_temp.publish('leads', 'lead.created');
SELECT pg_temp.publish('emits', 'a.tenant', '{"entry_key": "contact"}', 'north');
INSERT INTO contacts VALUES ('north', 1, 'same@example.test'), ('south', 1, 'same@example.test');
INSERT INTO orders VALUES ('north', 1, 1, NULL), ('south', 1, 1, NULL), ('north', 2, NULL, 'same@example.test'), ('south', 2, NULL, 'same@example.test'), ('east', 3, NULL, 'same@example.test');
INSERT INTO leads VALUES (1, 'same@example.test');
SELECT pg_temp.tick(-10);
CREATE FUNCTION pg_temp.tenants(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s: %s', account, contact_key), ', ' ORDER BY account, entry_number) FROM workflow.enrollments WHERE workflow = name $$;
SELECT is(pg_temp.tenants('everybody'), 'north: north,1, south: south,1', 'attach 12: a workflow of every account knows them apart, by key and by e-mail');
SELECT is((SELECT string_agg(account || ' ' || reason, ', ' ORDER BY account) FROM workflow.refusals WHERE event_name = 'tenant_order.created' AND workflow = 'everybody'),
          'north already_live, south already_live', 'attach 12: the e-mail led each to its own');
SELECT is((SELECT account || ' ' || row_key FROM workflow.refusals WHERE source = 'tenants.orders' AND reason = 'unresolved_contact'), 'east east,3', 'attach 12: and nowhere in a tenant without it');
SELECT is(pg_temp.tenants('northern'), 'north: north,1', 'attach 12: a workflow of one account hears that one');
SELECT workflow.emit('a.tenant', 'south,1', account => 'north'), workflow.emit('a.tenant', 'north,1', account => 'north');
SELECT pg_temp.tick(-10);
SELECT is(pg_temp.tenants('emits'), 'north: north,1', 'attach 12: a caller of one account does not reach a contact of another');
SELECT is(pg_temp.tenants('leads'), 'south: south,1', 'attach 12: a table of one tenant, by value');
SELECT is((SELECT count(DISTINCT idempotency_key) || ' of ' || count(*) FROM workflow.outbox WHERE contact_key IN ('north,1', 'south,1')), '5 of 5', 'semantics 24: no two messages have one key');

-- attach 3: routes
CREATE SCHEMA routes;
SET LOCAL search_path = routes, public;
CREATE TABLE contacts (id int PRIMARY KEY, email text, code int);
CREATE TABLE people (n int, contact int);
CREATE TABLE households (id int PRIMARY KEY, name text);
CREATE TABLE members (household int, person int);
CREATE TABLE tickets (id int PRIMARY KEY, contact_id int, email text, code text, household int);
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('tickets', '{"entity": "ticket", "contact": ["contact_id", {"match": {"contact.email": "email", "contact.code": "code"}}, {"match": {"contact.email": "email"}},
  {"sql": "SELECT p.contact FROM households h JOIN members m ON m.household = h.id JOIN people p ON p.n = m.person WHERE h.id = row.household"}]}');
SELECT pg_temp.publish('tickets', 'ticket.created');
INSERT INTO contacts VALUES (1, 'one@example.test', 10), (2, 'two@example.test', 20), (3, 'same@example.test', 30), (4, 'same@example.test', 40);
INSERT INTO households VALUES (1, 'none'), (2, 'one'), (3, 'many');
INSERT INTO people VALUES (21, 1), (31, 1), (32, 2), (33, 2), (34, NULL);
INSERT INTO members VALUES (2, 21), (3, 31), (3, 32), (3, 33), (3, 34);
INSERT INTO tickets VALUES (1, 2, 'one@example.test', NULL, 3), (2, 77, 'one@example.test', NULL, 3), (3, NULL, 'same@example.test', '30', 1), (4, NULL, 'same@example.test', 'thirty', 1),
  (5, NULL, 'nobody@example.test', NULL, 2), (6, NULL, NULL, NULL, 3), (7, NULL, '', NULL, 1), (8, NULL, 'late@example.test', NULL, 1);
SELECT is(pg_temp.tick(0), 0, 'attach 3: whatever a route finds, nothing fails');
SELECT is(pg_temp.found('tickets'), '1 > 2, 2 > 1, 3 > 3, 4 > 3, 4 > 4, 5 > 1, 6 > 1, 6 > 2',
          'attach 3: column; a key that is nobody''s falls back; match by two, by one; one that finds several; sql that finds one, that finds many');
SELECT results_eq($$ SELECT row_key, reason, detail, retry_at FROM workflow.refusals WHERE source = 'routes.tickets' ORDER BY row_key $$,
                  $$ VALUES ('7', 'unresolved_contact', NULL, pg_temp.now(1)), ('8', 'unresolved_contact', 'email=late@example.test', pg_temp.now(1)) $$,
                  'attach 3: none is parked, with what would find it');
SELECT is((SELECT parked FROM workflow.status), 3::bigint, 'attach 3: and counted, with the one above');

-- Found again
INSERT INTO contacts VALUES (5, 'late@example.test', NULL);
SELECT pg_temp.tick(0.1);
SELECT is((SELECT contact_key FROM workflow.enrollments WHERE workflow = 'tickets' AND entry_key = '8'), '5', 'attach 3: a contact that comes is matched in the next round');
UPDATE tickets SET household = 2 WHERE id = 7;
SELECT pg_temp.tick(0.9);
SELECT is((SELECT retry_at FROM workflow.refusals WHERE row_key = '7'), pg_temp.now(1), 'attach 3: what sql may find waits for its time');
UPDATE tickets SET household = 1 WHERE id = 7;
SELECT pg_temp.tick(1);
SELECT is((SELECT retry_at FROM workflow.refusals WHERE row_key = '7'), pg_temp.now(3), 'attach 3: then 2 minutes');
SELECT pg_temp.tick(3);
SELECT is((SELECT retry_at FROM workflow.refusals WHERE row_key = '7'), pg_temp.now(7), 'attach 3: then 4');
INSERT INTO members VALUES (1, 33);
SELECT pg_temp.tick(6.9);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'tickets' AND entry_key = '7'), 0::bigint, 'attach 3: not before');
SELECT pg_temp.tick(7);
SELECT is((SELECT contact_key FROM workflow.enrollments WHERE workflow = 'tickets' AND entry_key = '7'), '2', 'attach 3: found by the query at its time');
SELECT is((SELECT parked FROM workflow.status), 1::bigint, 'attach 3: neither is parked any more');
INSERT INTO tickets VALUES (9, NULL, 'changed@example.test', NULL, NULL);
SELECT pg_temp.tick(8);
UPDATE contacts SET email = 'changed@example.test' WHERE id = 1;
SELECT pg_temp.tick(8);
SELECT is((SELECT contact_key FROM workflow.enrollments WHERE workflow = 'tickets' AND entry_key = '9'), '1', 'attach 3: a contact that changes is matched, too');
INSERT INTO tickets VALUES (10, NULL, 'x', NULL, NULL);
SELECT pg_temp.tick(10), pg_temp.tick(11), pg_temp.tick(13), pg_temp.tick(17), pg_temp.tick(25), pg_temp.tick(41), pg_temp.tick(73), pg_temp.tick(133);
SELECT is((SELECT retry_at FROM workflow.refusals WHERE row_key = '10'), pg_temp.now(193), 'attach 3: at most an hour');
DELETE FROM tickets WHERE id = 10;
SELECT pg_temp.tick(193);
INSERT INTO contacts VALUES (10, 'x', NULL);
SELECT pg_temp.tick(194);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'tickets' AND entry_key = '10'), 0::bigint, 'attach 10: a row that is gone by then does not enter');

-- attach 2: keys of contacts, and columns of other types that lead to them
CREATE EXTENSION citext SCHEMA public;
CREATE TABLE pg_temp.kinds (name text, type text, key text, reference text, refers text, canonical text, strange text);
INSERT INTO pg_temp.kinds VALUES
  ('smallint', 'smallint', '7', 'bigint', '7', '7', '70000'), ('integer', 'integer', '8', 'text', '008', '8', 'eight'), ('bigint', 'bigint', '9000000000', 'numeric', '9000000000', '9000000000', '1e30'),
  ('uuid', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'text', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0ee'),
  ('text', 'text', 'a,b\c', 'varchar(20)', 'a,b\c', 'a,b\c', 'other'), ('varchar', 'varchar(20)', '00042', 'char(10)', '00042', '00042', '42'),
  ('bpchar', 'char(5)', 'ALFKI', 'char(8)', 'ALFKI', 'ALFKI', 'ALF'), ('citext', 'public.citext', 'Ann@Example.test', 'text', 'ANN@example.TEST', 'Ann@Example.test', 'x'),
  ('numeric', 'numeric(10,2)', '5.50', 'text', '5.5', '5.5', 'five'), ('date', 'date', '2031-01-02', 'text', '2031-01-02', '2031-01-02', '2031-02-30');
DO $$
DECLARE
  k record;
BEGIN
  FOR k IN SELECT * FROM pg_temp.kinds LOOP
    EXECUTE format('CREATE SCHEMA %I', 'key_' || k.name);
    EXECUTE format('SET LOCAL search_path = %I, public', 'key_' || k.name);
    EXECUTE format('CREATE TABLE contacts (id %s PRIMARY KEY, name text); CREATE TABLE orders (id %1$s PRIMARY KEY, contact %s)', k.type, k.reference);
    PERFORM workflow.attach('contacts', '{"entity": "contact"}');
    PERFORM workflow.attach('orders', jsonb_build_object('entity', 'order_' || k.name, 'contact', '["contact"]'::jsonb));
    PERFORM pg_temp.publish('key_' || k.name, format('order_%s.created', k.name), '{"entry_key": "contact"}');
    EXECUTE format('INSERT INTO contacts VALUES (%L, ''Ann''); INSERT INTO orders VALUES (%1$L, %L)', k.key, k.refers);
  END LOOP;
END $$;
SELECT is(pg_temp.tick(200), 0, 'attach 2: keys of all kinds');
SELECT is((SELECT contact_key || '/' || entry_key FROM workflow.enrollments WHERE workflow = 'key_' || k.name), k.canonical || '/' || k.canonical,
          format('attach 2: a key of type %s, found by %s, has one form', k.type, k.reference)) FROM pg_temp.kinds k;
SELECT is((SELECT recipient ->> 'contact' FROM workflow.outbox WHERE workflow = 'key_' || k.name), k.canonical, format('attach 2: and so has the message''s, of type %s', k.type)) FROM pg_temp.kinds k;
-- What is no key at all leads nowhere.
DO $$
DECLARE
  k record;
BEGIN
  FOR k IN SELECT * FROM pg_temp.kinds LOOP
    EXECUTE format('SET LOCAL search_path = %I, public', 'key_' || k.name);
    CREATE TABLE strays (id int PRIMARY KEY, contact text);
    PERFORM workflow.attach('strays', jsonb_build_object('entity', 'stray_' || k.name, 'contact', '["contact"]'::jsonb));
    PERFORM pg_temp.publish('stray_' || k.name, format('stray_%s.created', k.name), '{"entry_key": "contact"}');
    EXECUTE format('INSERT INTO strays VALUES (1, %L)', k.strange);
  END LOOP;
END $$;
SELECT workflow.emit('a.key', 'one'), workflow.enroll('key_uuid', 'no uuid');
SELECT pg_temp.publish('emitted', 'a.key');
SELECT is(pg_temp.tick(201), 0, 'attach 3: a reference that is no key is nobody''s fault');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow LIKE 'stray%'), 0::bigint, 'attach 3: and finds nobody');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE source LIKE '%.strays' AND reason = 'unresolved_contact'), 10::bigint, 'attach 3: each is parked');
SELECT is((SELECT array_agg(reason) FROM workflow.refusals WHERE row_key IN ('one', 'no uuid')), '{unresolved_contact,unresolved_contact}', 'semantics 5: so is a contact whom a caller names');

CREATE SCHEMA composite;
SET LOCAL search_path = composite, public;
CREATE TABLE contacts (org smallint, code text, name text, PRIMARY KEY (org, code));
CREATE TABLE orders (org int, number uuid, contact_org bigint, contact_code varchar(10), other_org int, other_code text, PRIMARY KEY (org, number));
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('orders', '{"entity": "composite", "contact": [{"column": ["contact_org", "contact_code"]}, {"sql": "SELECT row.other_org, row.other_code"}]}');
SELECT pg_temp.publish('composite', 'composite.created');
INSERT INTO contacts VALUES (1, 'a,b'), (1, 'c'), (2, 'c');
INSERT INTO orders VALUES (1, '00000000-0000-0000-0000-000000000001', 1, 'a,b', NULL, NULL), (1, '00000000-0000-0000-0000-000000000002', 2, 'c', NULL, NULL),
  (2, '00000000-0000-0000-0000-000000000001', 2, NULL, 1, 'c'), (2, '00000000-0000-0000-0000-000000000002', 2, 'a,b', NULL, NULL);
SELECT pg_temp.tick(210);
SELECT is(replace(pg_temp.found('composite'), '00000000-0000-0000-0000-00000000000', '#'), '1,#1 > 1,a\,b, 1,#2 > 2,c, 2,#1 > 1,c', 'attach 2: composite keys, by columns and by sql, of other types');
SELECT is((SELECT reason FROM workflow.refusals WHERE source = 'composite.orders'), 'unresolved_contact', 'attach 2: part by part');

-- attach 12: a key that two tenants could have
CREATE SCHEMA shared_keys;
SET LOCAL search_path = shared_keys, public;
CREATE TABLE contacts (org text, id int, email text);
CREATE TABLE visits (id int PRIMARY KEY, org text, email text);
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "account": "org", "key": ["email"]}');
SELECT FROM workflow.attach('visits', '{"entity": "visit", "account": "org", "contact": ["email"]}');
SELECT pg_temp.publish('visits', 'visit.created', '{"entry_key": "contact"}');
INSERT INTO contacts VALUES ('north', 1, 'same@example.test');
INSERT INTO visits VALUES (1, 'north', 'same@example.test'), (2, 'south', 'same@example.test');
SELECT pg_temp.tick(221);
SELECT is(pg_temp.tenants('visits'), 'north: same@example.test', 'attach 12: a key that is another tenant''s contact leads nowhere');

-- attach 4: a row that gets another key is the same row
CREATE SCHEMA rekeyed;
SET LOCAL search_path = rekeyed, public;
CREATE TABLE contacts (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, name text);
CREATE TABLE orders (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, contact_id int, note text);
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('orders', '{"entity": "rekeyed", "contact": ["contact_id"]}');
SELECT pg_temp.publish('rekeyed', 'rekeyed.created', '{}', '', '[{"id": "stay", "type": "wait", "for": "1 hour"}, {"id": "m", "type": "send", "channel": "note", "body": "{{ rekeyed.note }}"}]');
INSERT INTO contacts VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cy');
INSERT INTO orders VALUES (101, 1, 'a'), (102, 2, 'b'), (103, 3, 'c');
SELECT pg_temp.tick(230);
UPDATE orders SET id = id + 1;
UPDATE contacts SET id = 30 WHERE id = 3;
UPDATE contacts SET id = 3 WHERE id = 2;
UPDATE contacts SET id = 2 WHERE id = 1;
UPDATE orders SET contact_id = CASE contact_id WHEN 3 THEN 30 ELSE contact_id + 1 END;
SELECT is(pg_temp.tick(231), 0, 'attach 4: rows get other keys, one that of another');
SELECT is(pg_temp.found('rekeyed'), '102 > 2, 103 > 3, 104 > 30', 'attach 4: enrollments go with their rows and contacts');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE source = 'rekeyed.orders'), 0::bigint, 'attach 4: and none enters anew');
SELECT pg_temp.tick(290);
SELECT is((SELECT string_agg(contact_key || ' ' || body, ', ' ORDER BY contact_key COLLATE "C") FROM workflow.outbox WHERE workflow = 'rekeyed'), '2 a, 3 b, 30 c', 'attach 4: they go on with their own rows');
SELECT is((SELECT string_agg(reason, ',') FROM workflow.enrollments WHERE workflow = 'rekeyed'), 'completed,completed,completed', 'attach 4: to the end');
DELETE FROM orders WHERE id = 104;
SELECT pg_temp.tick(291);
UPDATE orders SET id = 104 WHERE id = 103;
SELECT is(pg_temp.tick(291), 0, 'attach 4: a row gets the key of one that was deleted');
INSERT INTO orders VALUES (103, 2, 'new');
SELECT pg_temp.tick(291);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'rekeyed' AND entry_key = '103'), 1::bigint, 'attach 5: the key it had is free for another');
DELETE FROM contacts WHERE id = 2;
UPDATE contacts SET id = 2 WHERE id = 3;  -- merged into one record, in one transaction
SELECT is(pg_temp.tick(292), 0, 'attach 4: so does a contact, of one who had been in the same workflow');
SELECT is((SELECT string_agg(entry_key, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'rekeyed' AND contact_key = '2'), '102, 103, 104', 'attach 4: their histories lie under one key');

SELECT pg_temp.publish('deleted', 'rekeyed.deleted', '{"entry_key": "contact"}');
INSERT INTO orders VALUES (201, NULL, 'x'), (202, NULL, 'x');
SELECT pg_temp.tick(300);
DELETE FROM orders WHERE id = 201;
UPDATE orders SET id = 302 WHERE id = 202;
SELECT pg_temp.tick(300);
INSERT INTO orders VALUES (201, 30, 'new'), (202, 30, 'new');
SELECT pg_temp.tick(300);
SELECT is((SELECT string_agg(entry_key || ' ' || state, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'rekeyed' AND entry_key IN ('201', '202')), '201 waiting, 202 waiting', 'attach 3: rows with keys of rows whose events are parked');
SELECT pg_temp.tick(301), pg_temp.tick(303);
SELECT is((SELECT string_agg(entry_key || ' ' || state, ', ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'rekeyed' AND entry_key IN ('201', '202')), '201 waiting, 202 waiting', 'attach 3: what is tried again enters, and does nothing else');

-- A contact and an order that happen to have the same key
SELECT pg_temp.publish('by_contact', 'rekeyed.created', '{"entry_key": "contact"}');
INSERT INTO contacts VALUES (50, 'Same');
INSERT INTO orders VALUES (50, 50, 'x');
SELECT pg_temp.tick(310);
UPDATE contacts SET id = 51 WHERE id = 50;
SELECT pg_temp.tick(311);
SELECT is((SELECT string_agg(workflow || ' ' || contact_key || ' ' || entry_key, ', ' ORDER BY workflow) FROM workflow.enrollments WHERE state = 'waiting' AND contact_key = '51'), 'by_contact 51 51, rekeyed 51 50',
          'attach 4: the contact''s key changes, and where it enters by that');
UPDATE contacts SET id = 50 WHERE id = 51;
UPDATE orders SET id = 52 WHERE id = 50;
SELECT pg_temp.tick(312);
SELECT is((SELECT string_agg(workflow || ' ' || contact_key || ' ' || entry_key, ', ' ORDER BY workflow) FROM workflow.enrollments WHERE state = 'waiting' AND contact_key = '50'), 'by_contact 50 50, rekeyed 50 52',
          'attach 4: the order''s key changes, and where it enters by that');

-- attach 6, semantics 12: zones
CREATE SCHEMA zones;
SET LOCAL search_path = zones, public;
CREATE TABLE contacts (id int PRIMARY KEY, org text, tz text, country text, settings jsonb);
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "account": "org", "zone": ["tz", {"column": "country", "map": {"Germany": "Europe/Berlin"}}, {"sql": "SELECT row.settings ->> ''zone''"}, "account"],
  "events": {"contact.zoned": {"once": true, "when": {"field": "org", "operator": "notNull"}}}}');
SELECT workflow.set_account('jakarta', '{"timezone": "Asia/Jakarta"}');
SELECT pg_temp.publish('zoned', 'contact.zoned', '{"timezone": "contact"}', '', '[{"id": "stay", "type": "wait", "until_time": "09:00"}]');
SELECT pg_temp.publish('accounts', 'contact.zoned', '{"timezone": "account"}', '', '[{"id": "stay", "type": "wait", "until_time": "09:00"}]');
SELECT pg_temp.publish('named', 'contact.zoned', '{"timezone": "America/New_York"}', '', '[{"id": "stay", "type": "wait", "until_time": "09:00"}]');
INSERT INTO contacts VALUES (1, 'x', 'America/Sao_Paulo', 'Germany', NULL), (2, 'x', NULL, 'Germany', '{"zone": "Asia/Tokyo"}'), (3, 'x', '', 'Asia/Kolkata', NULL), (4, 'x', 'system', 'France', '{"zone": "Asia/Tokyo"}'),
  (5, 'jakarta', 'Mars/Olympus', 'Mars', '{"zone": "Mars"}'), (6, 'x', NULL, NULL, NULL), (7, 'jakarta', 'UTC', NULL, NULL);
SELECT is((SELECT errors FROM workflow.tick('2031-07-01 15:00Z')), 0, 'semantics 12: an unknown zone holds up nobody');
CREATE FUNCTION pg_temp.due(name text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(contact_key || ' ' || to_char(due AT TIME ZONE 'UTC', 'DD HH24:MI'), ', ' ORDER BY contact_key) FROM workflow.enrollments WHERE workflow = name $$;
SELECT is(pg_temp.due('zoned'), '1 02 12:00, 2 02 07:00, 3 02 03:30, 4 02 00:00, 5 02 02:00, 6 02 09:00, 7 02 09:00',
          'attach 6, semantics 12: a column; a map; a value outside of it; a query in json; the account''s; UTC');
SELECT is(pg_temp.due('accounts'), '1 02 09:00, 2 02 09:00, 3 02 09:00, 4 02 09:00, 5 02 02:00, 6 02 09:00, 7 02 02:00', 'definition: the account''s zone by default');
SELECT is((SELECT DISTINCT due FROM workflow.enrollments WHERE workflow = 'named'), '2031-07-02 13:00Z', 'definition: a named zone is everybody''s');

SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'and none of all this was an error');
SELECT * FROM finish();
ROLLBACK;

-- Forced row-level security with a setting that tells tenants apart (attach 12).
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL search_path = public;
CREATE ROLE tenants_owner;
GRANT CREATE, USAGE ON SCHEMA public TO tenants_owner;
GRANT tenants_owner TO CURRENT_USER;
SELECT workflow.grant_access('tenants_owner', 'admin');
SET SESSION AUTHORIZATION tenants_owner;
CREATE TABLE people (id bigserial PRIMARY KEY, org int NOT NULL, email text, points int NOT NULL DEFAULT 0, zone text, since date);
CREATE TABLE orders (id bigserial PRIMARY KEY, org int NOT NULL, person_id bigint, email text, total int, status text);
CREATE TABLE labels (org int NOT NULL, person_id bigint, label text, PRIMARY KEY (org, person_id, label));
RESET SESSION AUTHORIZATION;
ALTER TABLE people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE labels ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- No default: a session that forgets to set it fails, as it shall.
CREATE POLICY tenant ON people USING (org = current_setting('app.current_org')::int);
CREATE POLICY tenant ON orders USING (org = current_setting('app.current_org')::int);
CREATE POLICY tenant ON labels USING (org = current_setting('app.current_org')::int);

CREATE FUNCTION pg_temp.refused(source regclass, binding text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  PERFORM FROM workflow.attach(source, binding::jsonb, true);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'WF004' THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN d || coalesce(' [' || nullif(h, '') || ']', '');
END $$;
SET SESSION AUTHORIZATION tenants_owner;
SELECT is(pg_temp.refused('people', '{"entity": "contact", "account": "org"}'),
  '"public.people" forces row-level security: rows could be hidden from the worker without anyone noticing [Add "tenant_setting" with the setting that its policies read, or use ALTER TABLE ... NO FORCE ROW LEVEL SECURITY.]',
  'attach 12: forced row-level security is refused loudly');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tenant_setting": "app.current_org"}'),
  '/tenant_setting: a row names no account that "app.current_org" could be set to [Add "account" with the column that holds the tenant.]', 'attach 12: a tenant needs an account');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "account": "org", "tenant_setting": "search_path"}'),
  '/tenant_setting: "tenant_setting" must be the name of a setting, such as "app.current_org", not "search_path"', 'attach 12: a setting of the server''s own is none');
SELECT lives_ok($$ SELECT FROM workflow.attach('people', '{"entity": "contact", "account": "org", "tenant_setting": "app.current_org", "zone": "zone",
  "fields": {"orders": {"sql": "SELECT count(*) FROM orders o WHERE o.person_id = row.id", "type": "integer"}},
  "tags": {"through": "labels", "owner": "person_id", "tag": "label"}}') $$, 'attach 12: with the setting it works');
SELECT is(pg_temp.refused('orders', '{"entity": "order", "contact": "person_id", "account": {"value": "1"}}') IS NOT NULL, true, 'the other table forces it, too');
SELECT lives_ok($$ SELECT FROM workflow.attach('orders', '{"entity": "order", "account": "org", "tenant_setting": "app.current_org", "contact": ["person_id", {"match": {"contact.email": "email"}}],
  "events": {"paid": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "paid"}}}}') $$, 'orders');
SELECT is((SELECT string_agg(state, ',') FROM workflow.doctor() WHERE name LIKE 'source public.%'), 'ok,ok', 'doctor reads them');

CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', '{"reentry": "every_event", "timezone": "contact"}'::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
SELECT pg_temp.publish('welcome', '[{"on": "contact.created", "filter": {"sql": "contact.points > 5"}}]', '[{"type": "send", "channel": "email", "subject": "s", "body": "{{ contact.email }} {{ contact.orders }}"}]');
SELECT pg_temp.publish('paid', '[{"on": "order.paid"}]', '[{"type": "set", "values": {"contact.points": {"add": 10}}}, {"type": "tag", "add": ["buyer"]},
  {"type": "wait", "for": "1 day"}, {"type": "send", "channel": "email", "subject": "s", "body": "{{ order.total }} {{ contact.points }} {{ contact.tags | join }}"}]');
SELECT pg_temp.publish('buyers', '[{"on": "contact.tag_added"}]', '[{"type": "send", "channel": "push", "body": "{{ event.tag }}"}]');
CREATE FUNCTION pg_temp.said(workflow text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.account || '/' || o.contact_key || ':' || o.body, ', ' ORDER BY o.account, o.contact_key) FROM workflow.outbox o WHERE o.workflow = said.workflow
$$;
SET LOCAL app.current_org = '1';
INSERT INTO people (org, email, points, zone, since) VALUES (1, 'a@x.test', 7, 'Asia/Jakarta', '2020-01-09'), (1, 'b@x.test', 1, NULL, NULL);
INSERT INTO orders (org, person_id, total, status) VALUES (1, 1, 50, 'new');
SET LOCAL app.current_org = '2';
INSERT INTO people (org, email, points, since) VALUES (2, 'a@x.test', 9, '2021-01-09');
INSERT INTO orders (org, email, total, status) VALUES (2, 'a@x.test', 70, 'new');
RESET SESSION AUTHORIZATION;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('welcome'), '1/1:a@x.test 1, 2/3:a@x.test 0', 'attach 12: rows of two tenants in one round, each under its own');
SELECT is(current_setting('app.current_org'), '2', 'the session''s own setting is as it was');
SET SESSION AUTHORIZATION tenants_owner;
SET LOCAL app.current_org = '1';
UPDATE orders SET status = 'paid';
SET LOCAL app.current_org = '2';
UPDATE orders SET status = 'paid';
RESET SESSION AUTHORIZATION;
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT results_eq('SELECT id, org, points FROM people ORDER BY id', 'VALUES (1::bigint, 1, 17), (2, 1, 1), (3, 2, 19)', 'attach 4, 12: the same address in two tenants; steps write under the tenant');
SELECT results_eq('SELECT org, person_id, label FROM labels ORDER BY 1', $$ VALUES (1, 1::bigint, 'buyer'), (2, 3, 'buyer') $$, 'tags as well');
SELECT FROM workflow.tick('2031-01-06 10:01Z');
SELECT is(pg_temp.said('buyers'), '1/1:buyer, 2/3:buyer', 'their events are of their tenant');
SELECT FROM workflow.tick('2031-01-07 10:00Z');
SELECT is(pg_temp.said('paid'), '1/1:50 17 buyer, 2/3:70 19 buyer', 'and so are timers');
SELECT is((SELECT string_agg(message, ';') FROM workflow.errors), NULL, 'no errors');
SET SESSION AUTHORIZATION tenants_owner;
SET LOCAL app.current_org = '2';
SELECT throws_like($$ SELECT workflow.reconcile('orders', '2020-01-01Z') $$, '%row-level security%', 'reconcile says that it cannot see every tenant''s rows');
SELECT is((SELECT string_agg(r, ',') FROM workflow.matching_rows('{"field": "contact.points", "operator": ">", "value": 0}', 'people') r), '3', 'matching_rows: those of the caller''s tenant');
RESET SESSION AUTHORIZATION;
SELECT is(workflow.reconcile('orders', '2020-01-01Z'), 2::bigint, 'who is above policies sees all');
SELECT FROM workflow.tick('2031-01-07 10:01Z');
SELECT workflow.enroll('welcome', '1');
SELECT FROM workflow.tick('2031-01-07 10:01Z');
SELECT is((SELECT message FROM workflow.errors LIMIT 1), 'rows of "public.people" are read for one account at a time, and no account is known', 'a caller who names no account is told');
SELECT workflow.enroll('welcome', '1', account => '1');
SELECT FROM workflow.tick('2031-01-07 10:02Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'welcome' AND contact_key = '1'), 2::bigint, 'and one who names it enters');
-- Who is there already, dates and schedules look through the rows of every tenant, one after the other (semantics 8; attach 12)
SET SESSION AUTHORIZATION tenants_owner;
SELECT pg_temp.publish('existing', '[{"on": "contact.created", "filter": {"field": "contact.points", "operator": ">", "value": 0}}]', '[{"type": "send", "channel": "note", "body": "{{ contact.email }}"}]');
SELECT is(workflow.enroll_existing('existing'), 3::bigint, 'enroll_existing counts the rows of all tenants that are known');
SELECT is(workflow.enroll_existing('existing', account => '1'), 2::bigint, 'or of one');
SELECT is(workflow.enroll_existing('existing', dry_run => false), 3::bigint, 'and lets them in');
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM (SELECT workflow.tick('2031-01-08 10:00Z') FROM generate_series(1, 4)) t;
SELECT is(pg_temp.said('existing'), '1/1:a@x.test, 1/2:b@x.test, 2/3:a@x.test', 'each under its own tenant');
SELECT is((SELECT string_agg(account || ' ' || state || ' ' || looked || ' ' || entered || coalesce(' ' || detail, ''), ', ' ORDER BY account) FROM workflow.intakes WHERE workflow = 'existing'),
  '1 finished 2 2, 2 finished 1 1', 'and says so for each');
SET SESSION AUTHORIZATION tenants_owner;
SELECT pg_temp.publish('daily', '[{"on": "schedule", "cron": "0 9 * * *", "filter": {"field": "contact.points", "operator": ">", "value": 0}}]', '[{"type": "send", "channel": "note", "body": "{{ contact.email }}"}]');
SELECT pg_temp.publish('dated', '[{"on": "date", "field": "contact.since", "every": "year", "at": "09:00"}]', '[{"type": "send", "channel": "note", "body": "{{ contact.email }}"}]');
SELECT workflow.create_workflow('of one', '{"triggers": [{"on": "schedule", "cron": "0 9 * * *"}], "steps": [{"type": "send", "channel": "note", "body": "{{ contact.email }}"}]}', '2');
SELECT workflow.publish('of one', account => '2');
RESET SESSION AUTHORIZATION;
SELECT FROM workflow.tick('2031-01-09 00:00Z');
SELECT count(*) FROM (SELECT workflow.tick('2031-01-09 02:00Z') FROM generate_series(1, 3)) t;
SELECT is(pg_temp.said('daily') || '; ' || pg_temp.said('dated'), '1/1:a@x.test; 1/1:a@x.test', 'a schedule and a date at nine of Jakarta');
SELECT count(*) FROM (SELECT workflow.tick('2031-01-09 09:00Z') FROM generate_series(1, 3)) t;
SELECT is(pg_temp.said('daily'), '1/1:a@x.test, 1/2:b@x.test, 2/3:a@x.test', 'and for every tenant at nine of its own');
SELECT is(pg_temp.said('dated'), '1/1:a@x.test, 2/3:a@x.test', 'dates too');
SELECT is(pg_temp.said('of one'), '2/3:a@x.test', 'a workflow of one account looks at its own');
SELECT is((SELECT count(*) FROM workflow.intakes WHERE detail IS NOT NULL), 0::bigint, 'none of them ended early');
SELECT is((SELECT unknown_zones FROM workflow.status), 2::bigint, 'semantics 12: contacts without a zone are counted in every tenant');
-- Nobody has named an account, and nobody is in: whose rows they are cannot be known.
DELETE FROM workflow.enrollment;
SET SESSION AUTHORIZATION tenants_owner;
SELECT throws_ok($$ SELECT workflow.enroll_existing('existing') $$, '22023', 'rows of "public.people" are read for one account at a time, and no account is known', 'enroll_existing says what is the matter');
RESET SESSION AUTHORIZATION;
SELECT count(*) FROM (SELECT workflow.tick('2031-01-10 09:00Z') FROM generate_series(1, 3)) t;
SELECT is((SELECT DISTINCT detail FROM workflow.intakes WHERE workflow = 'daily' AND detail IS NOT NULL), 'rows of "public.people" are read for one account at a time, and no account is known', 'and so does the view of a schedule');
DELETE FROM workflow.enrollment;
SELECT is((SELECT state || ': ' || detail || ' | ' || repair FROM workflow.doctor() WHERE name = 'workflow daily'),
  'error: rows of "public.people" are read for one account at a time, and no account is known | Name each by workflow.set_account(), make the workflow one of an account, or let a role attach that is above policies (BYPASSRLS).', 'and doctor');
SELECT workflow.set_account('1', '{}'), workflow.set_account('2', '{}');
SELECT count(*) FROM (SELECT workflow.tick('2031-01-11 09:00Z') FROM generate_series(1, 3)) t;
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'daily' AND event_at > '2031-01-11'), 3::bigint, 'accounts that were named are looked through');
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'workflow daily'), NULL, 'and all is well');
-- backfill means rows of every tenant, as reconcile does
SET SESSION AUTHORIZATION tenants_owner;
SELECT throws_like($$ SELECT FROM workflow.attach('orders', (SELECT binding || '{"backfill": "all"}' FROM workflow.sources WHERE entity = 'order')) $$, '%row-level security%', 'backfill says that it cannot see every tenant''s rows');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT string_agg(message, ';') FROM workflow.errors WHERE at > '2031-01-08' AND workflow <> 'welcome'), NULL, 'no errors');
SELECT * FROM finish();
ROLLBACK;

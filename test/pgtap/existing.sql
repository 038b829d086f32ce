-- enroll_existing (semantics 8): who is there already enters when an operator says so, counted first, at a pace, by all rules of entering.
BEGIN;
SELECT plan(51);
SET LOCAL client_min_messages = error;
SET LOCAL pg_workflow.allow_superuser_code = on;
CREATE SCHEMA existing;
SET LOCAL search_path = existing, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, stage text, score int, org text, born date, tags text[], gone boolean NOT NULL DEFAULT false);
CREATE TABLE orders (id int, shop text, contact_id int, status text, total numeric, paid_at timestamptz, PRIMARY KEY (shop, id));
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "account": "org", "tags": "tags", "live": {"field": "gone", "operator": "=", "value": false},
  "fields": {"shout": {"sql": "SELECT upper(row.name)", "type": "text"}}}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"], "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}}}');
INSERT INTO contacts SELECT n, 'Contact ' || n, CASE WHEN n % 2 = 0 THEN 'lead' ELSE 'cold' END, n, CASE WHEN n > 30 THEN 'acme' END, NULL, CASE WHEN n <= 5 THEN '{vip}'::text[] END
  FROM generate_series(1, 40) n;
INSERT INTO orders SELECT n, 'a', n, 'new', n * 10, CASE WHEN n <= 6 THEN now() END FROM generate_series(1, 10) n;
UPDATE contacts SET gone = true WHERE id = 2;
CREATE FUNCTION pg_temp.now(minutes numeric) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2031-03-03 10:00Z' + minutes * interval '1 minute' $$;
CREATE FUNCTION pg_temp.tick(minutes numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(pg_temp.now(minutes)) $$;
CREATE FUNCTION pg_temp.publish(name text, triggers jsonb, settings jsonb = '{}', steps jsonb = '[{"id": "stay", "type": "wait", "for": "1 day"}]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps));
  RETURN workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.inside(name text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM workflow.enrollments WHERE workflow = name $$;
SELECT pg_temp.tick(0);

SELECT pg_temp.publish('leads', '[{"on": "contact.created", "filter": {"field": "contact.stage", "operator": "=", "value": "lead"}}]', '{"reentry": "after_exit"}');
SELECT pg_temp.tick(1);
SELECT is(pg_temp.inside('leads'), 0::bigint, 'semantics 8: publishing enrolls nobody who is already there');
SELECT is(workflow.enroll_existing('leads'), 19::bigint, 'semantics 8: the count comes first: the trigger''s filter, and only who is live');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.inside('leads'), 0::bigint, 'a dry run enrolls nobody');
SELECT is((SELECT count(*) FROM workflow.intakes), 0::bigint, 'and leaves nothing');
SELECT is(workflow.enroll_existing('leads', '{"field": "contact.score", "operator": "<=", "value": 10}'), 9::bigint, 'a filter takes the place of the trigger''s');
SELECT is(workflow.enroll_existing('leads', '{"field": "contact.shout", "operator": "=", "value": "CONTACT 7"}'), 1::bigint, 'a field that is a query of the binding, decided set-wise after all');
SELECT is(workflow.enroll_existing('leads', '{"sql": "contact.score BETWEEN 5 AND 7"}'), 3::bigint, 'an expression of SQL');
SELECT is(workflow.enroll_existing('leads', '{"field": "contact.name", "operator": "<", "value": "Contact 2"}'), 11::bigint, 'the order of texts, which the server decides');
SELECT is(workflow.enroll_existing('leads', account => 'acme'), 5::bigint, 'of one account');

-- The pace, over several rounds
SELECT is(workflow.enroll_existing('leads', dry_run => false, per_minute => 6), 19::bigint, 'semantics 8: then they are let in');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.inside('leads'), 6::bigint, 'at most a minute''s worth at once');
SELECT is((SELECT ARRAY[state, looked::text, entered::text] FROM workflow.intakes), '{running,14,6}', 'the view says how far it is');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.inside('leads'), 6::bigint, 'and no more at the same time');
SELECT pg_temp.tick(2.5);
SELECT is(pg_temp.inside('leads'), 9::bigint, 'half a minute is half as many');
SELECT workflow.pause('leads'), pg_temp.tick(3.5);
SELECT is(pg_temp.inside('leads'), 9::bigint, 'semantics 8, 11: a pause of the workflow is a pause of it');
SELECT is((SELECT state FROM workflow.intakes), 'paused', 'and the view says so');
SELECT workflow.resume('leads'), pg_temp.tick(30);
SELECT is(pg_temp.inside('leads'), 15::bigint, 'what a pause has lost does not come all at once');
SELECT pg_temp.tick(31), pg_temp.tick(32);
SELECT is(pg_temp.inside('leads'), 19::bigint, 'all of them, in the end');
SELECT is((SELECT ARRAY[state, looked::text, entered::text] FROM workflow.intakes), '{finished,40,19}', 'and it is finished');
SELECT is((SELECT count(*) FROM workflow.intake_progress), 0::bigint, 'its notes are removed');
SELECT is((SELECT array_agg(DISTINCT event_name) FROM workflow.enrollments WHERE workflow = 'leads'), '{enroll_existing}', 'the enrollments say how they came');
SELECT is((SELECT detail ->> 'count' FROM workflow.audit WHERE action = 'enroll_existing'), '19', 'semantics 32: the audit has it');

-- Re-entry
SELECT is(workflow.enroll_existing('leads'), 0::bigint, 'semantics 4: who lives inside does not enter');
SELECT workflow.unenroll('leads', n::text) FROM generate_series(4, 8) n;
SELECT pg_temp.tick(33);
SELECT is(workflow.enroll_existing('leads', dry_run => false), 3::bigint, 'semantics 8: obeys re-entry: who has left may enter again');
SELECT pg_temp.tick(34);
SELECT is((SELECT array_agg(contact_key ORDER BY contact_key) FROM workflow.enrollments WHERE workflow = 'leads' AND entry_number = 2), '{4,6,8}', 'and does');
SELECT pg_temp.publish('never', '[{"on": "contact.created"}]', '{"exclusive_group": "g"}');
SELECT pg_temp.publish('other', '[{"on": "contact.created"}]', '{"exclusive_group": "g"}');
SELECT is(workflow.enroll_existing('never', dry_run => false), 39::bigint, 'without a filter: all that are live');
SELECT pg_temp.tick(35);
SELECT workflow.unenroll('never', '1'), pg_temp.tick(36);
SELECT is(workflow.enroll_existing('never'), 0::bigint, 'semantics 8: never is never');
SELECT is(workflow.enroll_existing('other', dry_run => false), 39::bigint, 'another of its exclusive group');
SELECT pg_temp.tick(37);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'never' AND reason = 'superseded'), 38::bigint, 'settings: entering ends those of its group');

-- What makes the event has happened to the row
SELECT pg_temp.publish('paid', '[{"on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 20}}]');
SELECT is(workflow.enroll_existing('paid'), 4::bigint, 'attach 5: only orders that are paid, as if they were inserted now');
SELECT is(workflow.enroll_existing('paid', '{"field": "contact.stage", "operator": "=", "value": "lead"}'), 4::bigint, 'by a filter on the contact, paid or not: not the one who is gone');
SELECT is(workflow.enroll_existing('paid', dry_run => false), 4::bigint, 'by the order');
SELECT pg_temp.tick(38);
SELECT is((SELECT array_agg(entry_key ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = 'paid'), '{"a,3","a,4","a,5","a,6"}', 'its key has two columns');
SELECT pg_temp.publish('tagged', '[{"on": "contact.tag_added", "filter": {"field": "contact.tags", "operator": "contains", "value": "vip"}}, {"on": "contact.deleted"}]');
SELECT is(workflow.enroll_existing('tagged'), 4::bigint, 'a tag that is there; a deletion is of nobody who is there');
SELECT pg_temp.publish('two', '[{"on": "contact.created", "filter": {"field": "contact.score", "operator": "<", "value": 4}},
  {"on": "contact.updated", "filter": {"field": "contact.score", "operator": ">", "value": 38}}]');
SELECT is(workflow.enroll_existing('two'), 4::bigint, 'any of the triggers');

-- Failing starts do not stop the others
SELECT pg_temp.publish('sour', '[{"on": "contact.created"}]', '{}', '[{"id": "s", "type": "set", "contact": {"score": {"sql": "10 / (contact.score - 7)"}}}]');
SELECT workflow.enroll_existing('sour', dry_run => false);
SELECT pg_temp.tick(39);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'sour' AND reason = 'completed'), 38::bigint, 'semantics 28: one that fails stops no other');
SELECT is((SELECT array_agg(contact_key) FROM workflow.enrollments WHERE workflow = 'sour' AND state = 'retry'), '{7}', 'and is tried again by its own rules');

-- Mistakes
SELECT pg_temp.publish('hand', '[{"on": "manual"}]');
SELECT throws_ok($$ SELECT workflow.enroll_existing('hand') $$, '22023', 'no trigger of workflow "hand" says who of "contact" is meant', 'nobody says who');
SELECT is(workflow.enroll_existing('hand', '{"field": "contact.id", "operator": "=", "value": 3}', dry_run => false), 1::bigint, 'a filter does');
SELECT pg_temp.tick(40);
SELECT is(pg_temp.inside('hand'), 1::bigint, 'and it enters');
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', '{"field": "contact.scoer", "operator": "=", "value": 3}') $$, 'WF001', 'filter has 1 error', 'a wrong filter');
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', '{"field": "contact.score", "operator": "changed"}') $$, 'WF001', 'filter has 1 error', 'a row that is there has no change');
SELECT throws_ok($$ SELECT workflow.enroll_existing('laeds') $$, 'WF002', NULL, 'no such workflow');
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', per_minute => 0) $$, '22023', '"per_minute" must be from 1 to 1000000, not 0', 'a pace of nothing');
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', import => 'spring') $$, '22023', 'nothing was imported as "spring"', 'no such import');
SELECT workflow.create_workflow('draft', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "stop"}]}');
SELECT throws_ok($$ SELECT workflow.enroll_existing('draft') $$, 'WF007', 'workflow "draft" is not published', 'a draft');
SELECT workflow.archive('two');
SELECT throws_ok($$ SELECT workflow.enroll_existing('two') $$, 'WF007', 'workflow "two" is archived', 'an archived one');

-- Stopping
SELECT pg_temp.publish('slow', '[{"on": "contact.created"}]', '{"reentry": "after_exit"}');
SELECT workflow.enroll_existing('slow', dry_run => false, per_minute => 5), pg_temp.tick(41);
SELECT is(workflow.stop_enrolling('slow'), 1::bigint, 'it can be stopped');
SELECT pg_temp.tick(50);
SELECT is(pg_temp.inside('slow'), 5::bigint, 'who is in stays, nobody comes');
SELECT is((SELECT ARRAY[state, entered::text, detail] FROM workflow.intakes WHERE workflow = 'slow'), '{finished,5,stopped}', 'and the view says why');

-- An archived workflow ends it
SELECT workflow.enroll_existing('slow', dry_run => false, per_minute => 5), workflow.archive('slow'), pg_temp.tick(51);
SELECT is((SELECT array_agg(detail ORDER BY id) FROM workflow.intakes WHERE workflow = 'slow'), '{stopped,"the workflow was archived"}', 'archiving ends it');

SELECT * FROM finish();
ROLLBACK;

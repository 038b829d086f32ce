-- Imports under a tag (semantics 8): they enroll nobody, and are remembered for enroll_existing(…, import => NAME).
BEGIN;
SELECT plan(23);
SET LOCAL client_min_messages = error;
CREATE SCHEMA imports;
SET LOCAL search_path = imports, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, stage text);
CREATE TABLE orders (id int, shop text, contact_id int, total numeric, PRIMARY KEY (shop, id)) PARTITION BY LIST (shop);
CREATE TABLE orders_a PARTITION OF orders FOR VALUES IN ('a');
CREATE TABLE orders_b PARTITION OF orders FOR VALUES IN ('b');
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "contact": ["contact_id"]}');
CREATE FUNCTION pg_temp.tick(minutes numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(timestamptz '2031-03-03 10:00Z' + minutes * interval '1 minute') $$;
CREATE FUNCTION pg_temp.inside(name text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(entry_key, ' ' ORDER BY entry_key) FROM workflow.enrollments WHERE workflow = name $$;
SELECT workflow.create_workflow('leads', '{"triggers": [{"on": "contact.created", "filter": {"field": "contact.stage", "operator": "=", "value": "lead"}}], "steps": [{"type": "wait", "for": "1 day"}]}');
SELECT workflow.publish('leads');
SELECT workflow.create_workflow('orders', '{"triggers": [{"on": "order.created"}], "steps": [{"type": "wait", "for": "1 day"}]}');
SELECT workflow.publish('orders');
SELECT pg_temp.tick(0);
INSERT INTO contacts SELECT n, 'Old ' || n, 'lead' FROM generate_series(1, 5) n;
SELECT pg_temp.tick(1);
SELECT is(pg_temp.inside('leads'), '1 2 3 4 5', 'what is written without a tag enrolls');

SET LOCAL pg_workflow.capture = 'tag:spring';
INSERT INTO contacts SELECT n, 'New ' || n, CASE WHEN n % 2 = 0 THEN 'lead' ELSE 'cold' END FROM generate_series(11, 20) n;
INSERT INTO contacts VALUES (3, 'Old 3', 'lead') ON CONFLICT (id) DO UPDATE SET name = 'Again';
UPDATE contacts SET name = 'Twice' WHERE id = 12;
DELETE FROM contacts WHERE id = 14;
SAVEPOINT back;
INSERT INTO contacts VALUES (98, 'Never', 'lead');
ROLLBACK TO back;
SAVEPOINT on_;
INSERT INTO contacts VALUES (30, 'Kept', 'lead');
RELEASE on_;
UPDATE contacts SET id = 21 WHERE id = 20;
INSERT INTO orders SELECT n, 'a', 11, n FROM generate_series(1, 3) n;
UPDATE orders SET shop = 'b' WHERE id = 3;
SET LOCAL pg_workflow.capture = 'on';
INSERT INTO contacts VALUES (50, 'Another', 'cold');
SELECT pg_temp.tick(2);
SELECT is(pg_temp.inside('leads'), '1 2 3 4 5', 'semantics 8: what is imported under a tag enrolls nobody');
SELECT is(pg_temp.inside('orders'), NULL, 'nor rows of other tables');
SELECT is(workflow.enroll_existing('leads', import => 'spring'), 5::bigint, 'semantics 8: it is counted first, by the filter: those that are there, and not live inside');
SELECT results_eq($$ SELECT import, source, rows FROM workflow.imports ORDER BY source $$, $$ VALUES ('spring', 'imports.contacts', 11::bigint), ('spring', 'imports.orders', 3::bigint) $$,
                  'each row once, whatever was done to it; not what was rolled back or deleted');
SELECT is(workflow.enroll_existing('leads', '{"field": "contact.stage", "operator": "=", "value": "cold"}', 'spring'), 5::bigint, 'by a filter of the caller''s: only the imported');
SELECT is(workflow.enroll_existing('leads', import => 'spring', dry_run => false), 5::bigint, 'then they are let in');
SELECT pg_temp.tick(3);
SELECT is(pg_temp.inside('leads'), '1 12 16 18 2 21 3 30 4 5', 'just those: a row goes by its last key');
SELECT is(workflow.enroll_existing('leads', import => 'spring'), 0::bigint, 'semantics 4: and not again');
SELECT is(workflow.enroll_existing('orders', import => 'spring', dry_run => false), 3::bigint, 'a key of two columns, in partitions');
SELECT pg_temp.tick(4);
SELECT is(pg_temp.inside('orders'), 'a,1 a,2 b,3', 'one of which has moved to another');
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', import => 'sprnig') $$, '22023', 'nothing was imported as "sprnig"', 'a tag that is not known');
SELECT workflow.create_workflow('hand', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}');
SELECT workflow.publish('hand');
SELECT is(workflow.enroll_existing('hand', import => 'spring'), 11::bigint, 'without a trigger that says who, the import does');

-- Many rows, in pieces and at a pace
SET LOCAL pg_workflow.capture = 'tag:bulk';
SET LOCAL pg_workflow.capture_memory = '64kB';
INSERT INTO contacts SELECT n, 'Bulk ' || n, 'lead' FROM generate_series(1001, 4000) n;
SAVEPOINT many;
INSERT INTO contacts SELECT n, 'Gone ' || n, 'lead' FROM generate_series(5001, 8000) n;
ROLLBACK TO many;
RESET pg_workflow.capture;

SELECT is(workflow.enroll_existing('leads', import => 'bulk'), 3000::bigint, 'more than the memory holds, and a part that was rolled back');
SELECT workflow.enroll_existing('leads', import => 'bulk', dry_run => false, per_minute => 1800);
SELECT pg_temp.tick(10), pg_temp.tick(10), pg_temp.tick(10);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'leads' AND entry_key ~ '^\d{4}$'), 1800::bigint, 'semantics 8: at its pace');
SELECT pg_temp.tick(11), pg_temp.tick(11);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'leads' AND entry_key ~ '^\d{4}$'), 3000::bigint, 'to the end');
SELECT is((SELECT ARRAY[state, looked::text, entered::text] FROM workflow.intakes WHERE import = 'bulk'), '{finished,3000,3000}', 'as the view says');

-- Settings, retention, people
SELECT throws_ok($$ SET pg_workflow.capture = 'tag:' $$, '22023', NULL, 'a tag has a name');
SELECT throws_ok($$ SET pg_workflow.capture = 'maybe' $$, '22023', NULL, 'other words are none');
SELECT lives_ok($$ SELECT workflow.forget('12', dry_run => false) $$, 'a person is forgotten');
SELECT is((SELECT count(*) FROM workflow.imported WHERE tag = 'spring' AND row_key = '12'), 0::bigint, 'semantics 32: in imports too');
UPDATE workflow.imported SET at = now() - interval '31 days' WHERE tag = 'bulk';
SELECT workflow.maintain();
SELECT is((SELECT array_agg(DISTINCT import) FROM workflow.imports), '{spring}', 'imports are remembered for so long');
TRUNCATE contacts, orders;
SELECT pg_temp.tick(12);
SELECT throws_ok($$ SELECT workflow.enroll_existing('leads', import => 'bulk') $$, '22023', 'nothing was imported as "bulk"', 'and then no more');

SELECT * FROM finish();
ROLLBACK;

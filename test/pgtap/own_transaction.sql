-- A transaction that calls tick() is treated as committed up to there: what it changes after that are changes of their own (A30, A33, D30).
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = error;

CREATE TABLE own_contacts (id int PRIMARY KEY, name text, stage text, tags text[]);
SELECT FROM workflow.attach('own_contacts', '{"entity": "contact", "events": {
  "contact.won": {"once": true, "when": {"field": "stage", "operator": "changedTo", "value": "won"}},
  "contact.moved": {"when": {"field": "stage", "operator": "changed"}}}}');
CREATE FUNCTION pg_temp.publish(name text, event text, filter text = NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('on', event, 'filter', filter::jsonb))),
    'settings', '{"reentry": "every_event"}'::jsonb, 'steps', '[{"type": "send", "channel": "push", "body": "{{ event.name }} {{ contact.stage }}"}]'::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o $$;
SELECT pg_temp.publish('created', 'contact.created');
SELECT pg_temp.publish('won', 'contact.won');
SELECT pg_temp.publish('moved', 'contact.moved', '{"field": "old.stage", "operator": "notNull"}');
SELECT pg_temp.publish('untagged', 'contact.tag_removed');
SELECT pg_temp.publish('deleted', 'contact.deleted');

INSERT INTO own_contacts VALUES (1, 'Ana', 'new', '{a,b}');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said(), 'contact.created new', 'semantics 2: a row that was inserted is new');
UPDATE own_contacts SET stage = 'open';
SELECT FROM workflow.tick('2031-01-06 09:01Z');
SELECT is(pg_temp.said(), 'contact.created new,contact.moved open', 'what is changed after a tick is a change of a row that was there');
SELECT is_empty('SELECT FROM workflow.refusals', 'and not the same insert once more');
UPDATE own_contacts SET stage = 'won', tags = '{a}';
SELECT FROM workflow.tick('2031-01-06 09:02Z');
SELECT is(pg_temp.said(), 'contact.created new,contact.moved open,contact.won won,contact.moved won,contact.tag_removed won', 'each change of it counts, as in transactions of their own');
UPDATE own_contacts SET name = 'Anna';
SELECT FROM workflow.tick('2031-01-06 09:02Z');
SELECT is((SELECT count(*) FROM workflow.outbox), 5::bigint, 'what does not concern an event makes none');

-- Within what lies between two ticks versions of a row are one transition
INSERT INTO own_contacts VALUES (2, 'Budi', 'x', '{}');
UPDATE own_contacts SET stage = 'y' WHERE id = 2;
SAVEPOINT s;
UPDATE own_contacts SET stage = 'z' WHERE id = 2;
SELECT FROM workflow.tick('2031-01-06 09:03Z');
SELECT is((SELECT o.body FROM workflow.outbox o WHERE o.contact_key = '2'), 'contact.created z', 'semantics 2: inserted and changed is an insert with the last values');
ROLLBACK TO SAVEPOINT s;
UPDATE own_contacts SET stage = 'w' WHERE id = 2;
SELECT is_empty($$ SELECT FROM workflow.outbox o WHERE o.contact_key = '2' $$, 'a tick that was rolled back has read nothing');
SELECT FROM workflow.tick('2031-01-06 09:04Z');
SELECT is((SELECT o.body FROM workflow.outbox o WHERE o.contact_key = '2'), 'contact.created w', 'and the row is as new as before');

-- Inserted, seen by a round, deleted
INSERT INTO own_contacts VALUES (3, 'Caro', 'x', NULL);
SELECT FROM workflow.tick('2031-01-06 09:05Z');
DELETE FROM own_contacts WHERE id = 3;
SELECT results_eq($$ SELECT events FROM workflow.tick('2031-01-06 09:06Z') $$, 'VALUES (1)', 'semantics 2: its deletion is a change like others');
SELECT is((SELECT array_agg(o.body) FROM workflow.outbox o WHERE o.contact_key = '3'), '{contact.created x}', 'and what was done before stays done');
INSERT INTO own_contacts VALUES (4, 'Dian', 'x', NULL);
DELETE FROM own_contacts WHERE id = 4;
SELECT results_eq($$ SELECT events FROM workflow.tick('2031-01-06 09:07Z') $$, 'VALUES (0)', 'semantics 2: inserted and deleted between two ticks is nothing');

SELECT * FROM finish();
ROLLBACK;

-- What a round writes into the outbox: one row a message in the day's table, in the order in which they were due.
BEGIN;
SELECT plan(8);
SET LOCAL client_min_messages = error;

CREATE TABLE round_contacts (id int PRIMARY KEY, name text, phone text, points int);
SELECT FROM workflow.attach('round_contacts', '{"entity": "contact"}');
CREATE FUNCTION pg_temp.publish(name text, wait text, category text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'settings', jsonb_build_object('category', category),
    'steps', jsonb_build_array(jsonb_build_object('type', 'wait', 'for', wait), jsonb_build_object('type', 'send', 'channel', 'sms', 'body', name))));
  PERFORM workflow.publish(name);
END $$;
SELECT pg_temp.publish('late', '3 days', 'marketing'), pg_temp.publish('soon', '1 day', 'marketing'), pg_temp.publish('between', '2 days', 'marketing'),
       pg_temp.publish('urgent', '3 days', 'transactional');
INSERT INTO round_contacts VALUES (1, 'Ana', '+621', 0), (2, 'Budi', NULL, 0);
SELECT FROM workflow.tick('2031-01-01 09:00Z');
SELECT workflow.enroll(name, '1') FROM unnest('{late,soon,between,urgent}'::text[]) name;
SELECT workflow.enroll('soon', '2');
SELECT FROM workflow.tick('2031-01-01 10:00Z');
SELECT results_eq($$ SELECT messages FROM workflow.tick('2031-01-08 10:00Z') $$, 'VALUES (5)', 'a round that is late writes them together');

SELECT results_eq($$ SELECT o.workflow FROM workflow.outbox o WHERE o.contact_key = '1' ORDER BY o.id $$, '{soon,between,late,urgent}'::text[],
                  'semantics 25: in the order in which they were due');
SELECT results_eq($$ SELECT o.workflow FROM workflow.claim('sms') o $$, '{urgent,soon,between,late}'::text[], 'semantics 25: and so they are claimed, within their category');
SELECT results_eq($$ SELECT o.state, o.reason, o.outcome_at FROM workflow.outbox o WHERE o.contact_key = '2' $$,
                  $$ VALUES ('no_address', 'the contact has no address for this channel', '2031-01-08 10:00Z'::timestamptz) $$, 'what has no address has its outcome');
SELECT is((SELECT count(*) FROM ONLY workflow.message) + (SELECT count(*) FROM ONLY workflow.lease) + (SELECT count(*) FROM ONLY workflow.outcome), 0::bigint,
          'the parents stay empty');
SELECT is((SELECT count(*) FROM workflow.message WHERE tableoid::regclass::text <> 'workflow.message_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYYMMDD')), 0::bigint,
          'messages lie in the table of the day, by the real clock');
SELECT is((SELECT count(DISTINCT m.id >> 40) FROM workflow.message m WHERE m.id < 1::bigint << 53), 1::bigint, 'their numbers tell the day');
SELECT is((SELECT count(*) FROM pg_depend d JOIN pg_class c ON c.oid = d.objid WHERE d.deptype = 'e' AND c.relname ~ '^(message|lease|outcome)_[0-9]'), 0::bigint,
          'the tables of days are no members of the extension');
SELECT * FROM finish();
ROLLBACK;

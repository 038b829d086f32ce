-- What makes an event, and how often: once or each time (semantics 3), beyond the memory of a transaction (semantics 2), under trace (semantics 5), and
-- that what strikes the host is passed on (semantics 6).
BEGIN;
SELECT plan(28);
SET LOCAL client_min_messages = error;
CREATE SCHEMA events;
SET LOCAL search_path = events, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, score int, tags text[] NOT NULL DEFAULT '{}', gone boolean NOT NULL DEFAULT false);
CREATE TABLE members (contact_id int, list text, PRIMARY KEY (contact_id, list));
CREATE TABLE orders (id int, contact_id int, status text NOT NULL DEFAULT 'new', paid_at timestamptz, note text, PRIMARY KEY (id, status)) PARTITION BY LIST (status);
CREATE TABLE orders_new PARTITION OF orders FOR VALUES IN ('new');
CREATE TABLE orders_rest PARTITION OF orders DEFAULT;
SELECT FROM workflow.attach('contacts', '{"entity": "contact", "live": {"field": "gone", "operator": "=", "value": false},
  "campaigns": {"through": "members", "owner": "contact_id", "campaign": "list"},
  "events": {"contact.named": {"when": {"field": "name", "operator": "becameNotNull"}}}}');
SELECT FROM workflow.attach('orders', '{"entity": "order", "key": ["id"], "contact": ["contact_id"], "events": {
  "order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}},
  "order.stage_changed": {"when": {"field": "status", "operator": "changed"}}}}');
CREATE FUNCTION pg_temp.publish(name text, triggers jsonb, settings jsonb = '{"entry_key": "contact", "reentry": "every_event"}',
                                steps jsonb = '[{"type": "stop"}]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps));
  RETURN workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.tick(minutes numeric = 0) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(timestamptz '2031-03-03 10:00Z' + minutes * interval '1 minute') $$;
SELECT pg_temp.tick(0);

-- semantics 3: of each kind of event of a binding, how often it enters: after it happened twice in what is one transaction to a round, and then once more.
SELECT pg_temp.publish(e, jsonb_build_array(jsonb_build_object('on', e) || CASE e WHEN 'score.reached' THEN '{"field": "contact.score", "value": 10}' ELSE '{}' END::jsonb))
  FROM unnest('{contact.created,contact.updated,contact.deleted,contact.tag_added,contact.tag_removed,contact.subscribed,campaign.subscribed,contact.unsubscribed,contact.named,
    score.reached,order.created,order.updated,order.paid,order.stage_changed}'::text[]) e;
CREATE FUNCTION pg_temp.came(name text) RETURNS text LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM workflow.enrollments WHERE workflow = name) || ', refused ' || (SELECT count(*) FROM workflow.refusals WHERE workflow = name) $$;
-- Everything that can happen to contact 1, each thing twice, with its undoing between.
CREATE FUNCTION pg_temp.happen() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO contacts VALUES (1, 'Ann', 3) ON CONFLICT (id) DO UPDATE SET name = 'Ann', score = 3;
  INSERT INTO orders VALUES (1, 1) ON CONFLICT DO NOTHING;
  PERFORM workflow.tick('2031-03-03 10:00Z');
  FOR i IN 1 .. 2 LOOP
    FOR j IN 1 .. 2 LOOP
      UPDATE contacts SET name = NULL, score = 3, tags = '{}' WHERE id = 1;
      DELETE FROM members;
      UPDATE orders SET paid_at = NULL, note = 'n' || i || j WHERE id = 1;
      -- What comes to be so in one transaction must not have been so before it.
      IF j = 1 THEN PERFORM workflow.tick('2031-03-03 10:00Z'); END IF;
      UPDATE contacts SET name = 'Bob', score = 12, tags = '{a}' WHERE id = 1;
      INSERT INTO members VALUES (1, 'news');
      UPDATE orders SET paid_at = now(), status = CASE status WHEN 'new' THEN 'sent' ELSE 'new' END WHERE id = 1;
    END LOOP;
    UPDATE orders SET status = 's' || i WHERE id = 1;
    PERFORM workflow.tick('2031-03-03 10:00Z');
  END LOOP;
END $$;
SELECT pg_temp.happen();
SELECT is(pg_temp.came('contact.created'), '1, refused 0', 'semantics 3: created comes once');
SELECT is(pg_temp.came('order.created'), '1, refused 0', 'semantics 3: of each row');
SELECT is(pg_temp.came('order.paid'), '1, refused 1', 'semantics 3: a once event that happens again is the same event');
SELECT is(pg_temp.came('contact.updated'), '4, refused 0', 'semantics 3: updated comes in each transaction, once');
SELECT is(pg_temp.came('order.updated'), '4, refused 0', 'semantics 3: of each row, partitions or not');
SELECT is(pg_temp.came('order.stage_changed'), '3, refused 0', 'semantics 3: stage_changed as well, the first stage too');
SELECT is(pg_temp.came('contact.named'), '3, refused 0', 'semantics 3: what the binding declares without "once" comes each time, once in a transaction');
SELECT is(pg_temp.came('contact.tag_added'), '2, refused 0', 'semantics 3: tag_added comes each time');
SELECT is(pg_temp.came('contact.tag_removed'), '1, refused 0', 'semantics 3: tag_removed where it was there before the transaction');
SELECT is(pg_temp.came('contact.subscribed') || '; ' || pg_temp.came('campaign.subscribed'), '2, refused 0; 2, refused 0', 'semantics 3: subscribed comes each time, under both names');
SELECT is(pg_temp.came('contact.unsubscribed'), '1, refused 0', 'semantics 3: unsubscribed');
SELECT is(pg_temp.came('score.reached'), '2, refused 0', 'semantics 3: a score that is reached again comes again');
DELETE FROM contacts WHERE id = 1;
SELECT pg_temp.tick(1);
SELECT is(pg_temp.came('contact.deleted'), '0, refused 1', 'semantics 3, 5: deleted comes; nobody is there who could enter');

-- semantics 2: beyond the memory of a transaction what is there is evaluated early
SELECT pg_temp.publish('moved', '[{"on": "order.stage_changed", "filter": {"field": "old.status", "operator": "notNull"}}]', '{"reentry": "every_event"}');
SELECT pg_temp.publish('made', '[{"on": "order.created"}]', '{"reentry": "every_event"}', '[{"id": "w", "type": "wait", "for": "1 day"}]');
SELECT pg_temp.publish('noted', '[{"on": "order.updated"}]', '{"reentry": "every_event"}');
INSERT INTO contacts SELECT n FROM generate_series(2, 9) n;
CREATE FUNCTION pg_temp.rounds(minutes numeric) RETURNS integer LANGUAGE sql AS $$ SELECT sum(pg_temp.tick(minutes))::int FROM generate_series(1, 6) $$;
SELECT pg_temp.tick(2);
SET LOCAL pg_workflow.capture_memory = '64kB';
INSERT INTO orders SELECT n, 2 + n % 8, 'new', NULL, repeat('x', 100) FROM generate_series(1001, 2000) n;
UPDATE orders SET note = 'y' WHERE id > 1000;
SELECT pg_temp.rounds(3);
SELECT is((SELECT count(*) || '/' || count(DISTINCT entry_key) FROM workflow.enrollments WHERE workflow = 'made'), '1000/1000', 'semantics 2: above the memory each row is still inserted once');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'noted'), 0::bigint, 'semantics 2: and inserted and changed is an insert');
UPDATE orders SET note = 'z' WHERE id > 1000;
UPDATE orders SET note = 'zz' WHERE id > 1000;
SELECT pg_temp.rounds(3);
SELECT is((SELECT count(*) || '/' || count(DISTINCT entry_key) FROM workflow.enrollments WHERE workflow = 'noted'), '1000/1000', 'semantics 3: an event that comes each time comes once in a transaction, though it was evaluated early');
UPDATE orders SET status = 'sent' WHERE id > 1000;
SELECT pg_temp.rounds(4);
SELECT is((SELECT count(*) || '/' || count(DISTINCT entry_key) FROM workflow.enrollments WHERE workflow = 'moved'), '1000/1000', 'semantics 2: moved between partitions is an update, above the memory too');
-- Wherever the memory is full: between the two halves of a move as well.
SELECT workflow.archive('moved'), workflow.archive('noted');
CREATE FUNCTION pg_temp.move(status text, memory text) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('pg_workflow.capture_memory', memory, true);
  UPDATE orders SET status = move.status WHERE id > 1000;
  RETURN pg_temp.rounds(4);
END $$;
SELECT pg_temp.move(CASE n % 2 WHEN 0 THEN 'new' ELSE 'sent' END, n || 'kB') FROM generate_series(64, 71) n;
SELECT is((SELECT string_agg(DISTINCT coalesce(reason, 'live'), ',') || count(*) FROM workflow.enrollments WHERE workflow = 'made'), 'live1000', 'semantics 2: so nobody''s row was deleted or inserted');
SAVEPOINT moves;
DELETE FROM orders WHERE id > 1000;
INSERT INTO orders SELECT n, 2, 'new' FROM generate_series(1001, 2000) n;
ROLLBACK TO moves;
SELECT pg_temp.rounds(5);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'made' AND entry_number > 1), 0::bigint, 'semantics 2: what a savepoint rolled back did not happen, though it was evaluated');
RESET pg_workflow.capture_memory;

-- semantics 5: what capture turns away leaves no trace, but for a session that asks for it: of every kind of event
SELECT pg_temp.publish('vip order', '[{"on": "order.updated", "filter": {"combinator": "and", "rules": [{"field": "order.note", "operator": "changedTo", "value": "vip"}, {"field": "old.note", "operator": "=", "value": "plain"}]}}]');
SELECT pg_temp.publish('vip tag', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "vip"}}]');
SELECT pg_temp.publish('vip list', '[{"on": "contact.subscribed", "filter": {"field": "event.campaign", "operator": "=", "value": "vip"}}]');
SELECT pg_temp.publish('vip emit', '[{"on": "my.event", "filter": {"field": "event.data.kind", "operator": "=", "value": "vip"}}]');
SELECT pg_temp.tick(6);
CREATE FUNCTION pg_temp.try(tag text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  UPDATE orders SET note = tag WHERE id = 1001;
  UPDATE contacts SET tags = ARRAY[tag] WHERE id = 2;
  INSERT INTO members VALUES (2, tag);
  PERFORM workflow.emit('my.event', '2', jsonb_build_object('kind', tag));
  PERFORM workflow.tick('2031-03-03 10:07Z');
  RETURN (SELECT string_agg(workflow || ': ' || reason, ', ' ORDER BY workflow) FROM workflow.refusals WHERE workflow LIKE 'vip %');
END $$;
SELECT is(pg_temp.try('plain'), 'vip emit: filter', 'semantics 5: what capture turned away is not recorded, what a round did is');
SET LOCAL pg_workflow.trace = on;
SELECT is(pg_temp.try('other'), 'vip emit: filter, vip emit: filter, vip list: filter, vip order: filter, vip tag: filter', 'semantics 5: under trace each is');
SET LOCAL pg_workflow.trace = off;
UPDATE orders SET note = 'plain' WHERE id = 1001;
SELECT pg_temp.tick(7);
SELECT is(pg_temp.try('vip'), 'vip emit: filter, vip emit: filter, vip list: filter, vip order: filter, vip tag: filter', 'and what is wanted is no refusal');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow LIKE 'vip %'), 4::bigint, 'semantics 1: old.* is the row as the transaction found it');

-- semantics 6: what strikes the host's statement is passed on, wherever in capture it comes; nothing is left of it, nothing is reported
SET LOCAL pg_workflow.capture_memory = '64kB';
CREATE TEMP VIEW ring AS SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
CREATE TEMP TABLE struck AS SELECT max(id) AS mark FROM ring;
CREATE FUNCTION pg_temp.write_on() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  n int := 10000;
BEGIN
  LOOP
    INSERT INTO orders SELECT i, 2, 'new' FROM generate_series(n, n + 99) i;
    n := n + 100;
  END LOOP;
END $$;
CREATE FUNCTION pg_temp.strike() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_temp.write_on();
EXCEPTION WHEN query_canceled THEN RETURN 'cancelled';
END $$;
SET LOCAL statement_timeout = '23ms';
SELECT is(pg_temp.strike(), 'cancelled', 'semantics 6: a statement that is cancelled is cancelled, in capture too');
SET LOCAL statement_timeout = '47ms';
SELECT is(pg_temp.strike(), 'cancelled', 'semantics 6: whenever that is');
SET LOCAL statement_timeout = '151ms';
SELECT is(pg_temp.strike(), 'cancelled', 'semantics 6: also after much has been written');
SET LOCAL statement_timeout = 0;
SELECT is((SELECT count(*) FROM ring, struck WHERE id > mark), 0::bigint, 'semantics 6: row and event fall together');
INSERT INTO orders VALUES (9999, 2, 'new');
SELECT pg_temp.tick(8);
SELECT is((SELECT array_agg(entry_key) FROM workflow.enrollments WHERE workflow = 'made' AND entry_key::int > 2000), '{9999}', 'semantics 6: and stand together');

SELECT * FROM finish();
ROLLBACK;

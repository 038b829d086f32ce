-- What waits, goals and responses hear, sentence by sentence where no other file asks (semantics 18, 19, 20, 21).
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL TimeZone = 'UTC';
SET LOCAL pg_workflow.allow_superuser_code = on;

CREATE TABLE heard_contacts (id int PRIMARY KEY, email text, vip boolean DEFAULT false, renews timestamptz, points int DEFAULT 0, tags text[]);
CREATE TABLE heard_orders (id int PRIMARY KEY, contact_id int, status text DEFAULT 'open', paid_at timestamptz);
CREATE TABLE heard_elsewhere (contact int PRIMARY KEY);
SELECT FROM workflow.attach('heard_contacts', '{"entity": "contact", "fields": {"tags": "tags"}}');
SELECT FROM workflow.attach('heard_orders', '{"entity": "order", "contact": "contact_id"}');
INSERT INTO heard_contacts SELECT n, 'c' || n || '@x.test' FROM generate_series(1, 60) n;
CREATE FUNCTION pg_temp.publish(name text, rest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM workflow.workflows w WHERE w.name = publish.name) THEN
    PERFORM workflow.save_draft(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  ELSE
    PERFORM workflow.create_workflow(name, '{"triggers": [{"on": "manual"}]}' || rest::jsonb);
  END IF;
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.tick(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 4 LOOP PERFORM workflow.tick(at); END LOOP; END $$;
CREATE FUNCTION pg_temp.stands(name text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(coalesce(e.reason, e.state || ' ' || e.step), ', ' ORDER BY e.entry_number, e.entry_key) FROM workflow.enrollments e WHERE e.workflow = name AND e.contact_key = contact $$;
CREATE FUNCTION pg_temp.met_at(name text, contact text) RETURNS timestamptz LANGUAGE sql AS $$
  SELECT max(h.at) FROM workflow.history h WHERE h.workflow = name AND h.contact_key = contact AND h.what = 'met' $$;
SELECT pg_temp.tick('2031-06-01 00:00Z');

-- until: what only the clock changes, both ways round
SELECT pg_temp.publish('within', '{"steps": [{"id": "w", "type": "wait", "until": {"field": "contact.renews", "operator": "withinLast", "value": "7 days"}, "timeout": "90 days"}]}');
SELECT pg_temp.publish('not within', '{"steps": [{"id": "w", "type": "wait", "until": {"combinator": "and", "not": true, "rules": [{"field": "contact.renews", "operator": "withinLast", "value": "7 days"}]}, "timeout": "90 days"}]}');
SELECT pg_temp.publish('either', '{"steps": [{"id": "w", "type": "wait", "until": {"combinator": "or", "rules": [{"field": "contact.vip", "operator": "=", "value": true},
  {"combinator": "and", "rules": [{"field": "contact.renews", "operator": "olderThan", "value": "2 days"}, {"field": "contact.points", "operator": "=", "value": 0}]}]}, "timeout": "90 days"}]}');
UPDATE heard_contacts SET renews = '2031-06-03 12:34:56Z' WHERE id IN (1, 3);
UPDATE heard_contacts SET renews = '2031-05-31 06:00Z' WHERE id = 2;
SELECT workflow.enroll('within', '1'), workflow.enroll('not within', '2'), workflow.enroll('either', '3');
SELECT pg_temp.tick('2031-06-01 00:00Z');
SELECT is(pg_temp.stands('within', '1') || '; ' || pg_temp.stands('not within', '2') || '; ' || pg_temp.stands('either', '3'), 'waiting w; waiting w; waiting w', 'none holds yet');
SELECT is((SELECT due FROM workflow.waiting WHERE workflow = 'within'), '2031-06-03 12:34:56Z', 'semantics 18: it is looked at at the very instant at which withinLast becomes true');
SELECT pg_temp.tick('2031-06-03 12:34:55Z');
SELECT is(pg_temp.stands('within', '1'), 'waiting w', 'semantics 18: not a second before');
SELECT pg_temp.tick('2031-06-03 12:34:56Z');
SELECT is(pg_temp.stands('within', '1'), 'completed', 'semantics 18: withinLast ends it then');
SELECT pg_temp.tick('2031-06-05 12:34:57Z');
SELECT is(pg_temp.stands('either', '3'), 'completed', 'semantics 18: olderThan deep in a condition too');
SELECT pg_temp.tick('2031-06-07 06:00:00Z');
SELECT is(pg_temp.stands('not within', '2'), 'waiting w', 'semantics 18: seven days are within seven days');
SELECT pg_temp.tick('2031-06-07 06:00:01Z');
SELECT is(pg_temp.stands('not within', '2'), 'completed', 'semantics 18: withinLast that becomes false ends a wait for its opposite');

-- until with sql: every hour, and when the row changes
SELECT pg_temp.publish('sql', '{"steps": [{"id": "w", "type": "wait", "until": {"sql": "EXISTS (SELECT FROM heard_elsewhere e WHERE e.contact = contact.id) OR contact.points > 5"}, "forever": true}]}');
SELECT workflow.enroll('sql', c::text) FROM generate_series(4, 6) c;
SELECT pg_temp.tick('2031-07-01 09:00Z');
INSERT INTO heard_elsewhere VALUES (4);
UPDATE heard_contacts SET points = 6 WHERE id = 5;
SELECT pg_temp.tick('2031-07-01 09:30Z');
SELECT is(pg_temp.stands('sql', '4') || ', ' || pg_temp.stands('sql', '5'), 'waiting w, completed', 'semantics 18: what sql reads elsewhere makes no event; the row itself does');
SELECT pg_temp.tick('2031-07-01 10:00Z');
SELECT is(pg_temp.stands('sql', '4'), 'completed', 'semantics 18: with sql it is looked at every hour');
INSERT INTO heard_elsewhere VALUES (6);
SELECT pg_temp.tick('2031-07-01 11:00Z');
SELECT is(pg_temp.stands('sql', '6'), 'completed', 'semantics 18: every hour, not once');

-- until on another row than the contact's, and on a message that was opened before the wait
SELECT workflow.create_workflow('order', '{"triggers": [{"on": "order.created"}], "steps": [{"id": "w", "type": "wait", "until": {"combinator": "and", "rules": [{"field": "order.status", "operator": "=", "value": "sent"}, {"field": "contact.vip", "operator": "=", "value": true}]}, "forever": true}]}');
SELECT workflow.publish('order');
INSERT INTO heard_orders VALUES (7, 7), (8, 7);
SELECT pg_temp.tick('2031-07-02 09:00Z');
UPDATE heard_orders SET status = 'sent' WHERE id = 7;
SELECT pg_temp.tick('2031-07-02 09:10Z');
SELECT is(pg_temp.stands('order', '7'), 'waiting w, waiting w', 'semantics 18: half of it is not enough');
UPDATE heard_contacts SET vip = true WHERE id = 7;
SELECT pg_temp.tick('2031-07-02 09:20Z');
SELECT results_eq($$ SELECT entry_key, coalesce(reason, state) FROM workflow.enrollments WHERE workflow = 'order' ORDER BY 1 $$, $$ VALUES ('7', 'completed'), ('8', 'waiting') $$, 'semantics 18: looked at when either row changes that it names');
UPDATE heard_orders SET status = 'sent' WHERE id = 8;
SELECT pg_temp.tick('2031-07-02 09:30Z');
SELECT is(pg_temp.stands('order', '7'), 'completed, completed', 'semantics 18: also the order''s');
SELECT pg_temp.publish('read', '{"steps": [{"id": "hello", "type": "send", "channel": "email", "body": "x"}, {"id": "v", "type": "wait", "for": "1 day"},
  {"id": "w", "type": "wait", "until": {"field": "message.hello.opened_at", "operator": "notNull"}, "timeout": "1 day", "on_timeout": [{"type": "stop"}]}]}');
SELECT workflow.enroll('read', c::text) FROM generate_series(8, 9) c;
SELECT pg_temp.tick('2031-07-03 09:00Z');
SELECT workflow.receipt(o.id, 'opened') FROM workflow.outbox o WHERE o.workflow = 'read' AND o.contact_key = '8';
SELECT pg_temp.tick('2031-07-04 09:00Z');
SELECT is(pg_temp.stands('read', '8') || ', ' || pg_temp.stands('read', '9'), 'completed, waiting w', 'semantics 18: until passes at once if it is true already, of a message as well');

-- Goals
SELECT pg_temp.publish('lets in', '{"goals": [{"id": "vip", "if": {"field": "contact.vip", "operator": "=", "value": true}, "met_at_entry": "enter"}], "steps": [{"id": "w", "type": "wait", "for": "1 day"}]}');
SELECT pg_temp.publish('counts', '{"goals": [{"id": "paid", "on": "t.paid", "then": "count"}], "settings": {"reentry": "after_exit"}, "steps": [{"id": "w", "type": "wait", "for": "1 day"}]}');
SELECT workflow.enroll('lets in', c::text) FROM generate_series(7, 8) c;
SELECT workflow.enroll('counts', c::text) FROM generate_series(10, 12) c;
SELECT pg_temp.tick('2031-07-05 09:00Z');
UPDATE heard_contacts SET vip = true WHERE id = 8;
SELECT workflow.emit('t.paid', '10'), workflow.emit('t.paid', '10');
SELECT pg_temp.tick('2031-07-05 10:00Z');
SELECT is(pg_temp.stands('lets in', '7') || ', ' || pg_temp.stands('lets in', '8'), 'waiting w, goal', 'semantics 19: met_at_entry enter lets in who has reached it, and does not end it for that; who reaches it later ends');
SELECT is((SELECT string_agg(contact_key, ',') FROM workflow.goals_reached WHERE workflow = 'lets in'), '8', 'semantics 19: what was met at entry is no success of the workflow');
SELECT is(pg_temp.stands('counts', '10'), 'waiting w', 'semantics 19: count counts, and lets it go on');
SELECT pg_temp.tick('2031-07-06 10:00Z');
SELECT workflow.enroll('counts', '10'), workflow.enroll('counts', '11');
SELECT pg_temp.tick('2031-07-06 11:00Z');
SELECT workflow.emit('t.paid', '10');
SELECT pg_temp.tick('2031-07-06 12:00Z');
SELECT results_eq($$ SELECT entries, reached, rate, contacts, contacts_reached, contact_rate FROM workflow.goals('counts') $$, 'VALUES (5::bigint, 2::bigint, 0.4000, 3::bigint, 1::bigint, 0.3333)',
  'semantics 19: rates by entry and by unique contact differ where somebody enters twice');
SELECT pg_temp.publish('counts', '{"goals": [{"id": "paid", "on": "t.paid", "then": "count"}, {"id": "seen", "on": "t.seen"}], "settings": {"reentry": "after_exit"}, "steps": [{"id": "w", "type": "wait", "for": "1 day"}]}');
SELECT workflow.enroll('counts', '13');
SELECT pg_temp.tick('2031-07-06 13:00Z');
SELECT workflow.emit('t.paid', '13');
SELECT pg_temp.tick('2031-07-06 14:00Z');
SELECT results_eq($$ SELECT version, goal, entries, reached FROM workflow.goals('counts') $$, $$ VALUES (1, 'paid', 5::bigint, 2::bigint), (2, 'paid', 1, 1), (2, 'seen', 1, 0) $$, 'semantics 19: a row for each version and goal');

-- Responses: of all the contact's enrollments in a workflow
SELECT workflow.create_workflow('talk ' || s, format('{"triggers": [{"on": "order.updated", "filter": {"field": "order.paid_at", "operator": "becameNotNull"}}], "settings": {"stop_on_response": "%s", "send_window": "any"},
  "steps": [{"id": "one", "type": "send", "channel": "email", "body": "x"}, {"id": "two", "type": "send", "channel": "sms", "to": "+1", "body": "x"}, {"type": "wait", "for": "9 days"}]}', s)::jsonb)
  FROM unnest('{workflow,enrollment,off}'::text[]) s;
SELECT workflow.publish('talk ' || s) FROM unnest('{workflow,enrollment,off}'::text[]) s;
INSERT INTO heard_orders SELECT 100 + n, CASE WHEN n < 3 THEN 20 ELSE 21 END FROM generate_series(1, 3) n;
SELECT pg_temp.tick('2031-08-01 09:00Z');
UPDATE heard_orders SET paid_at = now() WHERE id IN (101, 102, 103);
SELECT pg_temp.tick('2031-08-01 10:00Z');
SELECT is(pg_temp.stands('talk workflow', '20'), 'waiting wait-1, waiting wait-1', 'two enrollments of one contact');
SELECT workflow.ack(k.token) FROM (SELECT DISTINCT c.token FROM workflow.claim('email', 100) c) k;
SELECT workflow.reply('email', 'c20@x.test', '2031-08-02 09:00Z', message => (SELECT min(o.id) FROM workflow.outbox o WHERE o.workflow = 'talk ' || s AND o.contact_key = '20' AND o.channel = 'email'), data => jsonb_build_object('id', s))
  FROM unnest('{workflow,enrollment}'::text[]) s;
SELECT pg_temp.tick('2031-08-02 09:00Z');
SELECT is(pg_temp.stands('talk workflow', '20'), 'response, response', 'semantics 20: scope workflow ends all of the contact''s in this workflow');
SELECT is(pg_temp.stands('talk enrollment', '20'), 'response, waiting wait-1', 'semantics 20: scope enrollment the one whose message was answered');
SELECT is(pg_temp.stands('talk off', '20') || '; ' || pg_temp.stands('talk workflow', '21'), 'waiting wait-1, waiting wait-1; waiting wait-1', 'semantics 20: other workflows and contacts go on');
SELECT bag_eq($$ SELECT c.workflow, c.contact_key FROM workflow.claim('sms', 100) c $$,
  $$ VALUES ('talk enrollment', '20'), ('talk off', '20'), ('talk off', '20'), ('talk workflow', '21'), ('talk enrollment', '21'), ('talk off', '21') $$,
  'semantics 20: the unclaimed messages of what has ended are cancelled, of no other');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.channel = 'sms' AND o.state = 'cancelled'), 3::bigint, 'three of them');

-- A reply without a reference: to what has gone out, not to what was never sent
SELECT pg_temp.publish('sent ' || n, '{"settings": {"stop_on_response": "enrollment", "exit_on_unsubscribe": false}, "steps": [{"id": "m", "type": "send", "channel": "letter", "to": "{{ contact.email }}", "body": "x"}, {"type": "wait", "for": "9 days"}]}')
  FROM generate_series(1, 3) n;
SELECT workflow.enroll('sent 1', c::text) FROM generate_series(40, 42) c;
SELECT pg_temp.tick('2031-08-20 09:00Z');
SELECT workflow.ack(k.token) FROM (SELECT DISTINCT c.token FROM workflow.claim('letter', 100) c) k;
SELECT workflow.suppress(contact => '40', channel => 'letter');
SELECT workflow.enroll('sent 2', c::text) FROM generate_series(40, 42) c;
SELECT workflow.enroll('sent 2', '43');
SELECT pg_temp.tick('2031-08-21 09:00Z');
SELECT workflow.claim('letter', 100);
SELECT workflow.enroll('sent 3', '42');
SELECT pg_temp.tick('2031-08-21 10:00Z');
SELECT is((SELECT string_agg(m.workflow, ',' ORDER BY c) FROM generate_series(40, 43) c, LATERAL workflow.find_message(workflow.latest_message('', c::text, 'letter', '2031-08-15')) m), 'sent 1,sent 2,sent 2,sent 2',
  'semantics 20: it belongs to the latest message that was handed out: not to one that was suppressed, nor to one that nobody has claimed');
SELECT is(workflow.latest_message('', '42', 'letter', '2031-08-22'), NULL, 'semantics 20: nor to one from before');
-- Looked at before a message is written, though nobody told of the change
SELECT pg_temp.publish('quiet', '{"settings": {"exit": {"field": "contact.points", "operator": ">", "value": 50}}, "steps": [{"id": "w", "type": "wait", "for": "1 day"},
  {"id": "s", "type": "send", "channel": "push", "body": "x", "if": {"field": "contact.vip", "operator": "=", "value": true}}, {"id": "v", "type": "wait", "for": "1 day"}]}');
SELECT workflow.enroll('quiet', c::text) FROM generate_series(30, 32) c;
UPDATE heard_contacts SET vip = true WHERE id BETWEEN 30 AND 32;
SELECT pg_temp.tick('2031-09-01 09:00Z');
SET LOCAL pg_workflow.capture = off;
UPDATE heard_contacts SET points = 51 WHERE id = 30;
UPDATE heard_contacts SET vip = false WHERE id = 31;
SET LOCAL pg_workflow.capture = on;
SELECT pg_temp.tick('2031-09-02 09:00Z');
SELECT is((SELECT string_agg(o.contact_key, ',') FROM workflow.outbox o WHERE o.workflow = 'quiet'), '32', 'semantics 21: exit conditions and the step''s filter are looked at before the message is written');
SELECT is(pg_temp.stands('quiet', '30') || ', ' || pg_temp.stands('quiet', '31'), 'condition, waiting v', 'semantics 21: the one ends, the other goes on without it');
SELECT is_empty('SELECT * FROM workflow.errors', 'nothing failed');
SELECT * FROM finish();
ROLLBACK;

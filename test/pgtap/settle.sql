-- settle (definition: triggers): the committed row is looked at after so much quiet. score.reached (D10, A42, D48): a number grows to a value.
BEGIN;
SELECT plan(35);
SET LOCAL client_min_messages = error;
CREATE SCHEMA settle;
SET LOCAL search_path = settle, public;
CREATE TABLE contacts (id int PRIMARY KEY, name text, stage text, score int, custom jsonb, note text);
CREATE TABLE companies (id int PRIMARY KEY, contact_id int, score numeric);
SELECT FROM workflow.attach('contacts', '{"entity": "contact"}');
SELECT FROM workflow.attach('companies', '{"entity": "company", "contact": ["contact_id"]}');
CREATE FUNCTION pg_temp.tick(seconds numeric) RETURNS integer LANGUAGE sql AS $$ SELECT errors FROM workflow.tick(timestamptz '2031-03-03 10:00Z' + seconds * interval '1 second') $$;
CREATE FUNCTION pg_temp.publish(name text, triggers jsonb, settings jsonb = '{}', steps jsonb = '[{"type": "stop"}]', goals jsonb = '[]') RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers, 'settings', settings, 'steps', steps, 'goals', goals));
  RETURN workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.came(name text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(entry_key, ' ' ORDER BY entered_at, entry_key) FROM workflow.enrollments WHERE workflow = name $$;
SELECT pg_temp.tick(0);
SELECT pg_temp.publish('lead', '[{"on": "contact.created", "settle": "2 minutes", "filter": {"field": "contact.stage", "operator": "=", "value": "lead"}}]');
SELECT pg_temp.publish('won', '[{"on": "contact.updated", "settle": "1 minute", "filter": {"field": "contact.stage", "operator": "changedTo", "value": "won"}}]', '{"reentry": "after_exit"}');
SELECT pg_temp.publish('both', '[{"on": "contact.created", "settle": "1 minute", "filter": {"field": "contact.name", "operator": "=", "value": "late"}},
  {"on": "contact.created", "filter": {"field": "contact.name", "operator": "=", "value": "now"}}]');
SELECT pg_temp.publish('cart', '[{"on": "cart.updated", "settle": "10 minutes", "filter": {"field": "event.data.items", "operator": ">", "value": 0}}]');
SELECT pg_temp.tick(10);
INSERT INTO contacts (id, name, stage) VALUES (1, 'now', 'cold'), (2, 'x', 'lead'), (3, 'x', 'lead'), (4, 'x', 'cold'), (5, 'x', 'lead');
SELECT pg_temp.tick(10);
SELECT is(pg_temp.came('lead'), NULL, 'settle: not at once');
SELECT is(pg_temp.came('both'), '1', 'a trigger without it lets in at once');
SELECT is((SELECT count(*) FROM workflow.refusals), 0::bigint, 'nobody is turned away meanwhile');
UPDATE contacts SET note = 'touched' WHERE id = 2;
UPDATE contacts SET stage = 'cold' WHERE id = 3;
UPDATE contacts SET stage = 'lead', name = 'late' WHERE id = 4;
DELETE FROM contacts WHERE id = 5;
SELECT pg_temp.tick(70);
SELECT pg_temp.tick(129.9);
SELECT is(pg_temp.came('lead'), NULL, 'settle: each further event of the row moves the look');
SELECT is(pg_temp.came('both'), '1', 'of the other triggers too');
SELECT pg_temp.tick(130);
SELECT is(pg_temp.came('both'), '1 4', 'settle: the filter is asked about the row as it is then');
SELECT pg_temp.tick(189.9);
SELECT is(pg_temp.came('lead'), NULL, 'not before it has been quiet for so long');
SELECT pg_temp.tick(190);
SELECT is(pg_temp.came('lead'), '2 4', 'settle: the committed row decides: changed to it, changed away from it');
SELECT is((SELECT array_agg(DISTINCT event_at) FROM workflow.enrollments WHERE workflow = 'lead'), ARRAY[timestamptz '2031-03-03 10:03:10Z'], 'waits count from the look');
SELECT is((SELECT string_agg(row_key || ' ' || reason, ', ' ORDER BY row_key) FROM workflow.refusals WHERE workflow = 'lead'), '1 filter, 3 filter, 5 unresolved_contact', 'semantics 5: whoever does not match then is recorded');
SELECT is((SELECT count(*) FROM workflow.settling WHERE name <> 'contact.updated'), 0::bigint, 'nothing is left');

-- old.* is the row as the first event found it
UPDATE contacts SET stage = 'won' WHERE id = 2;
SELECT pg_temp.tick(300);
UPDATE contacts SET note = 'more' WHERE id = 2;
SELECT pg_temp.tick(330), pg_temp.tick(389);
SELECT is(pg_temp.came('won'), NULL, 'a change: quiet for a minute');
SELECT pg_temp.tick(390);
SELECT is(pg_temp.came('won'), '2', 'a change: from what the first event found to what is there');
UPDATE contacts SET stage = 'cold' WHERE id = 2;
SELECT pg_temp.tick(400);
UPDATE contacts SET stage = 'won' WHERE id = 2;
SELECT pg_temp.tick(410), pg_temp.tick(470);
SELECT is(pg_temp.came('won'), '2', 'away and back is no change');

-- A45: an abandoned cart, by emitted events
SELECT workflow.emit('cart.updated', '1', '{"items": 1}'), workflow.emit('cart.updated', '2', '{"items": 1}');
CREATE TEMP TABLE emitted AS SELECT workflow.emit('cart.updated', '4', '{"items": 7}') AS id;
SELECT pg_temp.tick(1000);
SELECT is((workflow.result(id) ->> 'pending')::boolean, true, 'the event is still pending') FROM emitted;
SELECT workflow.emit('cart.updated', '1', '{"items": 3}'), workflow.emit('cart.updated', '2', '{"items": 0}');
SELECT pg_temp.tick(1300), pg_temp.tick(1600);
SELECT is(pg_temp.came('cart'), '4', 'A45: quiet for ten minutes');
SELECT is((workflow.result(id) ->> 'pending')::boolean, false, 'then it is not any more') FROM emitted;
SELECT pg_temp.tick(1900);
SELECT is(pg_temp.came('cart'), '4 1', 'A45: of several events the last counts');
SELECT is((SELECT data ->> 'items' FROM workflow.enrollments WHERE workflow = 'cart' AND contact_key = '1'), '3', 'with its data');

-- A pause refuses
SELECT workflow.emit('cart.updated', '3', '{"items": 3}'), pg_temp.tick(2000), workflow.pause('cart'), pg_temp.tick(2700);
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'cart' AND contact_key = '3'), 'paused', 'semantics 11: paused when the look comes');

-- D10: a score is reached
SELECT pg_temp.publish('hot', '[{"on": "score.reached", "field": "contact.score", "value": 50}]', '{"reentry": "after_exit"}');
SELECT pg_temp.publish('short', '[{"on": "score.reached", "value": 80, "filter": {"field": "contact.stage", "operator": "!=", "value": "won"}}]');
SELECT pg_temp.publish('company', '[{"on": "score.reached", "field": "company.score", "value": 10.5}]');
SELECT pg_temp.publish('json', '[{"on": "score.reached", "field": "contact.custom.points", "value": 5}]');
SELECT pg_temp.publish('told', '[{"on": "score.reached", "filter": {"field": "event.data.score", "operator": ">=", "value": 50}}]');
SELECT pg_temp.publish('goal', '[{"on": "contact.created"}]', '{}', '[{"type": "wait", "until_event": {"on": "score.reached", "value": 30}, "timeout": "1 day"}, {"type": "wait", "for": "1 day"}]',
                       '[{"id": "hot", "on": "score.reached", "value": 90}]');
SELECT pg_temp.tick(3000);
INSERT INTO contacts (id, score) VALUES (21, 49), (22, 50), (23, NULL), (24, 10);
INSERT INTO companies VALUES (1, 21, 10);
SELECT pg_temp.tick(3010);
SELECT is(pg_temp.came('hot'), '22', 'D10: inserted with it');
UPDATE contacts SET score = score + 1 WHERE id IN (21, 22, 24);
UPDATE contacts SET score = 70 WHERE id = 23;
UPDATE companies SET score = 10.5;
SELECT pg_temp.tick(3020);
SELECT is(pg_temp.came('hot'), '22 21 23', 'D10, A42: grown to it, or from nothing; who was above it already is no news');
SELECT is(pg_temp.came('company'), '1', 'D10: of another entity, by that one');
UPDATE contacts SET score = 20 WHERE id = 21;
SELECT pg_temp.tick(3030);
UPDATE contacts SET score = 60 WHERE id = 21;
SELECT pg_temp.tick(3040);
SELECT is(pg_temp.came('hot'), '22 21 23 21', 'D10: each time it grows to it; re-entry decides');
UPDATE contacts SET score = 85, stage = CASE id WHEN 23 THEN 'won' ELSE 'lead' END WHERE id IN (21, 23);
UPDATE contacts SET custom = '{"points": 4}' WHERE id = 24;
SELECT pg_temp.tick(3050);
UPDATE contacts SET custom = '{"points": 5.5}' WHERE id = 24;
SELECT pg_temp.tick(3060);
SELECT is(pg_temp.came('short'), '21', 'D48: and its filter');
SELECT is(pg_temp.came('json'), '24', 'D10: a number inside of json');
SELECT workflow.emit('score.reached', '24', '{"score": 55}'), workflow.emit('score.reached', '22', '{"score": 5}');
SELECT pg_temp.tick(3070);
SELECT is(pg_temp.came('told'), '24', 'a score that the CRM reckons and tells by emit');
SELECT is(pg_temp.came('hot'), '22 21 23 21', 'which is not one of the rows'' own');
SELECT is((SELECT step FROM workflow.enrollments WHERE workflow = 'goal' AND contact_key = '21'), 'wait-2', 'semantics 18: waited for');
SELECT is((SELECT step FROM workflow.enrollments WHERE workflow = 'goal' AND contact_key = '24'), 'wait-1', 'not yet of who is below');
UPDATE contacts SET score = 95 WHERE id = 22;
SELECT pg_temp.tick(3080);
SELECT is((SELECT array_agg(contact_key) FROM workflow.goals_reached WHERE goal = 'hot'), '{22}', 'semantics 19: a goal');

-- Each time it settles is an event of its own (semantics 3), and the chain goes along (semantics 7)
SELECT pg_temp.publish('tail', '[{"on": "contact.updated", "settle": "1 minute"}]', '{"reentry": "every_event"}', '[{"type": "set", "contact": {"score": {"add": 1}}}]');
SELECT pg_temp.tick(4000);
UPDATE contacts SET name = 'once' WHERE id = 22;
SELECT pg_temp.tick(4010), pg_temp.tick(4070), pg_temp.tick(4130), pg_temp.tick(4190), pg_temp.tick(4250);
SELECT is(pg_temp.came('tail'), '22', 'semantics 7: what it writes itself does not let it in again');
SELECT is((SELECT string_agg(r.reason, ',') FROM workflow.refusals r WHERE r.workflow = 'tail'), 'loop', 'semantics 5, 7: it is refused as loop when the look comes');
UPDATE contacts SET name = 'twice' WHERE id = 22;
SELECT pg_temp.tick(4300), pg_temp.tick(4360), pg_temp.tick(4420);
SELECT is(pg_temp.came('tail'), '22 22', 'semantics 3: what somebody else writes later does');
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'nothing failed');
SELECT * FROM finish();
ROLLBACK;

-- Steps that decide and steps that change rows of the CRM: if, branch, set, tag, stop; and what the steps after them see.
BEGIN;
SELECT plan(35);
SET LOCAL client_min_messages = error;

CREATE TYPE step_level AS ENUM ('low', 'high');
CREATE TABLE step_contacts (id int PRIMARY KEY, name text, stage varchar(20), points int, balance numeric(10,2), big bigint, small smallint, ratio float8,
  ref uuid, born date, seen timestamptz, local timestamp, level step_level, vip boolean, doc jsonb, words text[], "Favourite colour" text, "order" text,
  shout text GENERATED ALWAYS AS (upper(name)) STORED, required text NOT NULL DEFAULT 'x', tags text[]);
SELECT FROM workflow.attach('step_contacts', '{"entity": "contact", "fields": {"likes": "Favourite colour"}}');
CREATE TABLE step_orders (id int PRIMARY KEY, contact_id int, status text, total numeric(12,2), labels step_level[]);
SELECT FROM workflow.attach('step_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "tags": "labels"}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}', triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- One contact through one workflow, now.
CREATE FUNCTION pg_temp.run(workflow text, contact text, data jsonb = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.enroll(workflow, contact, data);
  PERFORM workflow.tick('2031-01-06 09:00Z');
END $$;
-- What was said, in order.
CREATE FUNCTION pg_temp.said(workflow text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow AND o.contact_key = contact
$$;
CREATE FUNCTION pg_temp.errors_of(steps text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(v.path, ' ' ORDER BY v.path) FROM workflow.validate(jsonb_build_object('triggers', '[{"on": "manual"}]'::jsonb, 'steps', steps::jsonb)) v
   WHERE v.severity = 'error'
$$;
INSERT INTO step_contacts (id, name, stage, points) VALUES (1, 'Ana', 'new', 5), (2, 'Budi', 'hot', 50), (3, 'Caro', NULL, NULL), (4, 'Dian', 'hot', 5);

-- A24, G11: the first branch that matches
SELECT pg_temp.publish('branches', '[{"id": "b", "type": "branch", "branches": [
    {"name": "many", "if": {"field": "contact.points", "operator": ">", "value": 10}, "steps": [{"type": "send", "channel": "push", "body": "many"}]},
    {"name": "hot", "if": {"field": "contact.stage", "operator": "=", "value": "hot"}, "steps": [{"type": "send", "channel": "push", "body": "hot"}]}],
   "else": [{"type": "send", "channel": "push", "body": "else"}]}, {"type": "send", "channel": "push", "body": "after"}]');
SELECT pg_temp.run('branches', c) FROM unnest('{1,2,3,4}'::text[]) c;
SELECT is(pg_temp.said('branches', '2'), 'many,after', 'A24, G11: who matches two branches takes the first, and goes on after the step');
SELECT is(pg_temp.said('branches', '4'), 'hot,after', 'A24: the second');
SELECT is(pg_temp.said('branches', '1'), 'else,after', 'A24, G11: who matches none takes else');
SELECT is(pg_temp.said('branches', '3'), 'else,after', 'definition: a comparison with an empty field is not true');
SELECT results_eq($$ SELECT h.contact_key, h.detail FROM workflow.history h WHERE h.workflow = 'branches' AND h.what = 'branch' ORDER BY h.contact_key $$,
  $$ VALUES ('1', 'else'), ('2', 'many'), ('3', 'else'), ('4', 'hot') $$, 'G11: the decision is in the history');
SELECT pg_temp.publish('no else', '[{"type": "branch", "branches": [{"name": "x", "if": {"field": "contact.points", "operator": ">", "value": 10},
    "steps": [{"type": "send", "channel": "push", "body": "many"}, {"type": "stop", "reason": "enough"}]}]}, {"type": "send", "channel": "push", "body": "after"}]');
SELECT pg_temp.run('no else', c) FROM unnest('{1,2}'::text[]) c;
SELECT is(pg_temp.said('no else', '1'), 'after', 'A24: without else, who matches none goes on after the step');
SELECT is(pg_temp.said('no else', '2'), 'many', 'definition: stop ends it');
SELECT results_eq($$ SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'no else' ORDER BY e.contact_key $$, $$ VALUES ('completed'), ('stopped') $$,
  'semantics 23: each ended enrollment has one reason');
SELECT results_eq($$ SELECT h.detail FROM workflow.history h WHERE h.workflow = 'no else' AND h.what = 'ended' ORDER BY h.contact_key $$,
  $$ VALUES ('completed'), ('stopped: enough') $$, 'and the history what was said of it');

-- C28, A12: yes and no, and a filter on any step
SELECT pg_temp.publish('if', '[{"id": "q", "type": "if", "if": {"field": "contact.points", "operator": ">=", "value": 50},
    "then": [{"type": "send", "channel": "push", "body": "yes"}], "else": [{"type": "send", "channel": "push", "body": "no"}]},
  {"type": "send", "channel": "push", "body": "vip", "if": {"field": "enrollment.data.vip", "operator": "=", "value": true}}]');
SELECT pg_temp.run('if', '1', '{"vip": true}'), pg_temp.run('if', '2', '{"vip": "true"}'), pg_temp.run('if', '3');
SELECT is(pg_temp.said('if', '2'), 'yes', 'C28: the yes path; A12: and a step whose condition is not true is passed over');
SELECT is(pg_temp.said('if', '1'), 'no,vip', 'C28: the no path; A12: a step whose condition is true');
SELECT is(pg_temp.said('if', '3'), 'no', 'C28: what is unknown is not yes');

-- A17: values of every kind
SELECT pg_temp.publish('set', $$[{"type": "set", "values": {"contact.stage": "warm", "contact.points": {"add": 10}, "contact.balance": {"add": 0.05}, "contact.big": 9007199254740993,
    "contact.small": {"add": -1}, "contact.ratio": 0.5, "contact.ref": "6b1e8a0e-0f0e-4a57-9f0e-0a4b54474c5a", "contact.born": "2000-02-29", "contact.seen": "2031-01-01T07:00:00+07:00",
    "contact.local": "2031-01-01T07:00:00", "contact.level": "high", "contact.vip": true, "contact.doc": {"a": [1, 2.50, null]}, "contact.words": ["a,b", "c\"d"],
    "contact.likes": "blue; DROP", "contact.order": "it's"}}]$$);
SELECT pg_temp.run('set', c) FROM unnest('{1,3}'::text[]) c;
SELECT is((SELECT to_jsonb(c) - 'id' - 'name' - 'shout' - 'required' - 'tags' FROM step_contacts c WHERE id = 1), '{"stage": "warm", "points": 15, "balance": 0.05,
  "big": 9007199254740993, "small": -1, "ratio": 0.5, "ref": "6b1e8a0e-0f0e-4a57-9f0e-0a4b54474c5a", "born": "2000-02-29", "seen": "2031-01-01T00:00:00+00:00",
  "local": "2031-01-01T07:00:00", "level": "high", "vip": true, "doc": {"a": [1, 2.50, null]}, "words": ["a,b", "c\"d"], "Favourite colour": "blue; DROP", "order": "it''s"}'::jsonb,
  'A17: numbers, uuid, dates and times, enum, boolean, json, a list, and columns whose names must be quoted');
SELECT results_eq('SELECT points, balance, small FROM step_contacts WHERE id = 3', 'VALUES (10, 0.05, -1::smallint)', 'definition: an empty column counts as 0 for add');
SELECT pg_temp.publish('set texts', $$[{"type": "set", "contact": {"name": "{{ contact.name }} & {{ enrollment.data.friend }}", "points": "{{ contact.points | times: 2 }}",
    "born": "{{ '2031-05-01' | date: '%Y-%m-%d' }}", "level": "{{ enrollment.data.level }}", "seen": null, "doc": null, "words": null}}]$$);
SELECT pg_temp.run('set texts', '1', '{"friend": "O''Neil \\", "level": "low"}');
SELECT results_eq('SELECT name, points, born, level, seen, doc, words, shout FROM step_contacts WHERE id = 1',
  $$ VALUES ('Ana & O''Neil \', 30, '2031-05-01'::date, 'low'::step_level, NULL::timestamptz, NULL::jsonb, NULL::text[], 'ANA & O''NEIL \') $$,
  'D18, A17: a text is rendered, then cast by the server; null empties');

-- D30: what cannot be is found before
SELECT is(pg_temp.errors_of('[{"type": "set", "values": {"contact.shout": "A", "contact.id": 7}}]'), '/steps/0/values/contact.id /steps/0/values/contact.shout',
  'definition: keys and generated columns cannot be set');
SELECT is(pg_temp.errors_of('[{"type": "set", "values": {"contact.level": "middle", "contact.points": {"add": 1.5}, "contact.name": {"add": 1}, "contact.required": null, "contact.ref": "x"}}]'),
  '/steps/0/values/contact.level /steps/0/values/contact.name /steps/0/values/contact.points/add /steps/0/values/contact.ref /steps/0/values/contact.required',
  'definition: values are checked against their columns when published');
SELECT is(pg_temp.errors_of('[{"type": "set", "values": {"order.status": "x"}}]'), '/steps/0/values/order.status', 'definition: nor a row that no trigger brings');
SELECT is(pg_temp.errors_of('[{"type": "set", "values": {"contact.points": {"sql": "1"}}}]'), '/steps/0/values/contact.points/sql', 'semantics 30: a superuser''s workflow has no sql');

-- What the server refuses fails the enrollment alone
SELECT pg_temp.publish('bad value', '[{"type": "set", "contact": {"stage": "{{ enrollment.data.stage }}"}}]', '{"on_error": {"retry": 0}}');
SELECT workflow.enroll('bad value', '1', '{"stage": "much too long for this column"}'), workflow.enroll('bad value', '2', '{"stage": "good"}');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT id, stage FROM step_contacts WHERE id IN (1, 2) ORDER BY id', $$ VALUES (1, 'warm'::varchar), (2, 'good') $$, 'semantics 28: what fails leaves the others alone');
SELECT results_eq($$ SELECT x.contact_key, x.sqlstate FROM workflow.errors x WHERE x.workflow = 'bad value' $$, $$ VALUES ('1', '22001') $$,
  'semantics 29: the server''s own error is recorded; a text is not cut to fit');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'bad value' AND e.contact_key = '1'), 'error', 'D28: it ends with error where nothing is to be tried again');

-- What the next step sees
CREATE FUNCTION pg_temp.host() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stage := lower(NEW.stage); RETURN NEW; END $$;
CREATE TRIGGER host BEFORE UPDATE ON step_contacts FOR EACH ROW EXECUTE FUNCTION pg_temp.host();
SELECT pg_temp.publish('sees', '[{"type": "set", "contact": {"stage": "WON", "points": {"add": 1}}}, {"id": "q", "type": "if", "if": {"field": "contact.stage", "operator": "=", "value": "won"},
    "then": [{"type": "tag", "add": ["Won"]}]}, {"type": "send", "channel": "push", "body": "{{ contact.stage }} {{ contact.points }} {{ contact.tags | join: \"+\" }}",
    "if": {"field": "contact.tags", "operator": "contains", "value": "Won"}}, {"type": "set", "contact": {"points": {"add": 1}}}, {"type": "set", "contact": {"points": {"add": 1}}},
    {"type": "send", "channel": "push", "body": "{{ contact.points }}"}]');
UPDATE step_contacts SET points = 1 WHERE id = 2;
SELECT pg_temp.run('sees', '2');
SELECT is(pg_temp.said('sees', '2'), 'won 2 Won,4', 'the step after a set or tag sees the row as it then is, the host''s BEFORE trigger included');

-- Two who change one row
SELECT pg_temp.publish('count', '[{"type": "set", "contact": {"points": {"add": 1}}}, {"type": "send", "channel": "push", "body": "{{ contact.points }}"}]', '{}', '[{"on": "order.created"}]');
UPDATE step_contacts SET points = 0 WHERE id = 4;
INSERT INTO step_orders (id, contact_id) SELECT n, 4 FROM generate_series(101, 103) n;
SELECT FROM workflow.tick('2031-01-07 09:00Z');
SELECT is((SELECT points FROM step_contacts WHERE id = 4), 3, 'those who change one row in one step do so one after the other, and no change is lost');
SELECT is(pg_temp.said('count', '4'), '1,2,3', 'and each sees its own');

-- A20, C10: the row that entered
SELECT pg_temp.publish('orders', '[{"type": "set", "order": {"status": "{{ order.status }}!", "total": {"add": 0.01}}}, {"type": "tag", "entity": "order", "add": ["high"], "remove": ["low"]},
    {"type": "send", "channel": "push", "body": "{{ order.status }} {{ order.total }} {{ order.labels }}"}]', '{}', '[{"on": "order.created"}]');
INSERT INTO step_orders VALUES (1, 1, 'paid', 9.99, '{low}'), (2, 1, 'open', NULL, NULL);
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT id, status, total, labels FROM step_orders WHERE id < 100 ORDER BY id', $$ VALUES (1, 'paid!', 10.00, '{high}'::step_level[]), (2, 'open!', 0.01, '{high}') $$,
  'A20: the row of the event is changed; C16: tags in an array of an enum');
SELECT is(pg_temp.said('orders', '1'), 'paid! 10.00 high,open! 0.01 high', 'A20: and seen as changed');
SELECT is(pg_temp.errors_of('[{"type": "tag", "entity": "contact"}]'), '/steps/0', 'a tag step that changes no tag is refused');

-- C16: tags of every kind of column
CREATE SCHEMA step_other;
CREATE TABLE step_other.people (id int PRIMARY KEY, labels varchar(20)[], bag jsonb, bag2 json);
SELECT FROM workflow.attach('step_other.people', '{"entity": "person", "contact": [{"column": "id"}], "tags": "labels"}');
SELECT pg_temp.publish('labels', '[{"type": "tag", "entity": "person", "add": ["new", "a b"], "remove": ["old"]}]', '{}', '[{"on": "person.created"}]');
INSERT INTO step_other.people VALUES (1, '{old,keep,old}'), (2, NULL), (3, '{"a b",x,new}');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT labels FROM step_other.people ORDER BY id', $$ VALUES ('{keep,new,"a b"}'::varchar[]), ('{new,"a b"}'), ('{"a b",x,new}') $$,
  'C16: varchar[]: what is there keeps its order, what is new comes last, what is removed goes wherever it stands');
CREATE TABLE step_other.bags (id int PRIMARY KEY, bag jsonb, touched int DEFAULT 0);
CREATE FUNCTION step_other.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON step_other.bags FOR EACH ROW EXECUTE FUNCTION step_other.touch();
SELECT FROM workflow.attach('step_other.bags', '{"entity": "bag", "contact": [{"column": "id"}], "tags": "bag"}');
SELECT pg_temp.publish('bags', '[{"type": "tag", "entity": "bag", "add": ["new"], "remove": ["old"]}, {"type": "send", "channel": "push", "body": "{{ bag.bag | join: \"+\" }}"}]', '{}', '[{"on": "bag.created"}]');
INSERT INTO step_other.bags VALUES (1, '["old", "keep", 7, {"k": 1}]'), (2, NULL), (3, '["new"]'), (4, '[]');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT bag, touched FROM step_other.bags ORDER BY id',
  $$ VALUES ('["keep", 7, {"k": 1}, "new"]'::jsonb, 1), ('["new"]', 1), ('["new"]', 0), ('["new"]', 1) $$,
  'C16: jsonb: other members stay; a row whose tags would not change is not written');
SELECT is(pg_temp.said('bags', '3'), 'new', 'and its enrollment goes on');
UPDATE step_contacts SET tags = '{a,b}' WHERE id = 1;
SELECT pg_temp.publish('swap', '[{"type": "tag", "add": ["c"], "remove": ["a"]}, {"type": "tag", "remove": ["b", "nobody"]}]');
SELECT pg_temp.run('swap', '1');
SELECT is((SELECT tags FROM step_contacts WHERE id = 1), '{c}', 'C16: text[]: by default of the contact');

-- C02, C03: a tag of ours is an event as any other
SELECT pg_temp.publish('tagged', '[{"type": "send", "channel": "push", "body": "{{ event.name }}"}]', '{"reentry": "every_event"}',
  '[{"on": "contact.tag_added", "filter": {"field": "contact.tags", "operator": "contains", "value": "gold"}}, {"on": "contact.tag_removed"}]');
SELECT pg_temp.publish('gild', '[{"type": "tag", "add": ["gold"], "remove": ["c"]}]');
SELECT pg_temp.run('gild', '1');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('tagged', '1'), 'contact.tag_added,contact.tag_removed', 'C02, C03: a tag that a step adds or removes is an event as any other');

-- A row that is gone while its enrollment is inside
SELECT pg_temp.publish('gone', '[{"type": "wait", "for": "1 hour"}, {"type": "set", "contact": {"points": 1}}]');
SELECT pg_temp.run('gone', '3');
DELETE FROM step_contacts WHERE id = 3;
SELECT FROM workflow.tick('2031-01-06 09:30Z');
SELECT is((SELECT e.reason FROM workflow.enrollments e WHERE e.workflow = 'gone'), 'record_deleted', 'semantics 23: the record is deleted, the enrollment ends');
SELECT is((SELECT count(*) FROM workflow.errors x WHERE x.workflow <> 'bad value'), 0::bigint, 'semantics 29: and nothing failed but what had to');

SELECT * FROM finish();
ROLLBACK;

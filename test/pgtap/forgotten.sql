-- semantics 32: after forget() nothing that a person wrote, or was written to, is found in any table of ours: looked for by a mark that all its data bear.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL pg_workflow.allow_superuser_code = on;

CREATE TABLE forgotten_contacts (id int PRIMARY KEY, name text, email text, tags text[], owner text);
CREATE TABLE forgotten_orders (id int PRIMARY KEY, contact_id int, note text, total int);
SELECT FROM workflow.attach('forgotten_contacts', '{"entity": "contact", "fields": {"tags": "tags"}}');
SELECT FROM workflow.attach('forgotten_orders', '{"entity": "order", "contact": "contact_id"}');
CREATE FUNCTION public.forgotten_call(text) RETURNS text LANGUAGE sql AS $$ SELECT 'called ' || $1 $$;
SELECT workflow.put_template('hello', 'email', 'Hello {{ contact.name }}', '{{ enrollment.data.secret }}');
SELECT workflow.create_workflow('much', '{"triggers": [{"on": "manual"}, {"on": "order.created", "filter": {"combinator": "and", "rules": [{"field": "order.total", "operator": ">", "value": 1},
    {"field": "contact.name", "operator": "beginsWith", "value": "x"}]}}], "goals": [{"id": "paid", "on": "t.paid", "then": "count"}], "settings": {"entry_key": "contact", "reentry": "every_event", "stop_on_response": "off"}, "steps": [
  {"id": "mail", "type": "send", "channel": "email", "template": "hello"}, {"id": "hook", "type": "webhook", "url": "https://x.test/{{ contact.name }}", "body": {"n": "{{ contact.name }}"}},
  {"id": "call", "type": "call", "function": "public.forgotten_call", "args": ["{{ contact.name }}"]},
  {"id": "do", "type": "task", "title": "Ask {{ contact.name }}", "body": "x"},
  {"id": "named", "type": "if", "if": {"field": "contact.name", "operator": "contains", "value": "a"}, "then": [{"id": "tag", "type": "tag", "add": ["good"]}], "else": []},
  {"id": "say", "type": "emit", "event": "t.said", "data": {"who": "{{ contact.name }}"}},
  {"id": "ask", "type": "approve", "title": "Let {{ contact.name }}?", "timeout": "2 days"},
  {"id": "signal", "type": "wait", "until_event": {"on": "t.signal"}, "timeout": "30 days"}, {"id": "signal2", "type": "wait", "until_event": {"on": "t.signal"}, "timeout": "30 days"}]}');
SELECT workflow.create_workflow('fails', '{"triggers": [{"on": "manual"}], "settings": {"on_error": {"retry": 0}}, "steps": [{"type": "send", "channel": "email", "body": "{{ contact.name | divided_by: 0 }}"}, {"id": "s", "type": "if", "if": {"sql": "contact.name::int > 1"}, "then": [], "else": []}]}');
SELECT workflow.create_workflow('asks', '{"triggers": [{"on": "t.asked", "filter": {"sql": "contact.name::int > 1"}}], "steps": [{"type": "stop"}]}');
SELECT workflow.publish(w) FROM unnest('{much,fails,asks}'::text[]) w;
INSERT INTO forgotten_contacts VALUES (1, 'zqmarka', 'zqmarka@x.test'), (2, 'zqmarka2', 'zqmarkb@x.test'), (3, 'other', 'other@x.test'), (4, 'zqmarkd', 'zqmarkd@x.test'), (5, 'zqmarke', 'zqmarke@x.test');
CREATE FUNCTION pg_temp.rounds(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1 .. 8 LOOP PERFORM workflow.tick(at + i * interval '1 second'); END LOOP; END $$;
SELECT pg_temp.rounds('2031-01-06 08:00Z');
SELECT workflow.enroll(w, c, '{"secret": "zqmarka in data"}') FROM unnest('{much,fails}'::text[]) w, unnest('{1,2}'::text[]) c;
SELECT pg_temp.rounds('2031-01-06 09:00Z');
INSERT INTO forgotten_orders VALUES (7, 1, 'zqmarka', 5);
SELECT workflow.emit(e, '1', '{"x": "zqmarka"}') FROM unnest('{t.asked,t.paid,t.signal}'::text[]) e;
SELECT workflow.emit('t.paid', '99', '{"x": "zqmarka"}'), workflow.emit('t.signal', '2', '{"x": "zqmarka"}');
SELECT pg_temp.rounds('2031-01-06 10:00Z');
SELECT workflow.nack(c.token, c.id, 'zqmarka@x.test is unknown') FROM workflow.claim('email', 1) c;
SELECT workflow.receipt((SELECT min(id) FROM workflow.outbox WHERE contact_key = '1' AND channel = 'email'), 'opened', data => '{"agent": "zqmarka"}');
SELECT workflow.reply('email', 'zqmarka@x.test', data => '{"text": "zqmarka", "id": "r1"}');
SELECT workflow.approve((SELECT t.id FROM workflow.tasks t WHERE t.contact_key = '1' AND t.kind = 'approval'), 'zqmarka is good');
SELECT workflow.complete_task((SELECT t.id FROM workflow.tasks t WHERE t.contact_key = '1' AND t.kind = 'task'), 'zqmarka was told');
SELECT workflow.unenroll('much', '2', 'zqmarka wants it');
SELECT pg_temp.rounds('2031-01-06 11:00Z');

-- Tables that have the mark, but for the event log (which is emptied once every snapshot has seen that it was read) and suppressions (which stay).
CREATE FUNCTION pg_temp.marked() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  t regclass;
  n bigint;
  found text[] := '{}';
BEGIN
  FOR t IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^event_' ORDER BY c.relname LOOP
    EXECUTE format('SELECT count(*) FROM ONLY %s x WHERE x::text ~ ''zqmark''', t) INTO n;
    IF n > 0 THEN found := found || regexp_replace(t::text, '(workflow\.)|(_[0-9]+$)', '', 'g'); END IF;
  END LOOP;
  RETURN (SELECT string_agg(DISTINCT f, ' ' ORDER BY f) FROM unnest(found) f);
END $$;
SELECT is(pg_temp.marked(), 'enrollment error lease message receipt refusal step_result task trace', 'all of these have a person''s data');
SELECT workflow.forget(c, dry_run => false) FROM unnest('{1,2,99}'::text[]) c;
SELECT is(pg_temp.marked(), NULL, 'semantics 32: forget leaves nothing');
SELECT pg_temp.rounds('2031-01-06 12:00Z');
SELECT is(pg_temp.marked(), NULL, 'semantics 32: nor does the round that ends what lived bring anything back');
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE contact_key IN ('1', '2') AND state <> 'ended'), 0::bigint, 'it has ended');
SELECT is_empty($$ SELECT FROM workflow.outbox WHERE contact_key IN ('1', '2') AND state = 'ready' $$, 'nothing is sent any more');

-- Two who were one: what the other has left goes too, but nothing from after they were merged.
SELECT workflow.enroll('much', c, '{"secret": "zqmarkd"}') FROM unnest('{4,5}'::text[]) c;
SELECT workflow.emit('t.asked', '4', '{"x": "zqmarkd"}');
SELECT pg_temp.rounds('2031-02-01 09:00Z');
SELECT workflow.merge_contacts('4', '5');
SELECT pg_temp.rounds('2031-02-01 10:00Z');
SELECT is((SELECT string_agg(coalesce(e.reason, e.state), ',' ORDER BY e.contact_key) FROM workflow.enrollments e WHERE e.contact_key IN ('4', '5') AND e.workflow = 'much'), 'merged,approval', 'merged');
SELECT workflow.enroll('asks', '4', '{"secret": "somebody else"}');
SELECT pg_temp.rounds('2031-02-01 11:00Z');
SELECT isnt(pg_temp.marked(), NULL, 'much is kept of both');
SELECT is((workflow.forget('5'))->>'enrollments', '2', 'semantics 32: the dry run counts both');
SELECT workflow.forget('5', dry_run => false);
SELECT is(pg_temp.marked(), NULL, 'semantics 32: who was merged into the person is forgotten with it');
SELECT is((SELECT e.data->>'secret' FROM workflow.enrollments e WHERE e.workflow = 'asks' AND e.contact_key = '4'), 'somebody else', 'semantics 32: who has come by the old key since is somebody else');
SELECT is_empty('SELECT FROM workflow.merged', 'and that they were one is forgotten');
SELECT * FROM finish();
ROLLBACK;

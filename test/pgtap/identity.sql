-- Who runs what when a round changes rows of the CRM, and columns whose type has a length.
BEGIN;
SELECT plan(9);
SET LOCAL client_min_messages = error;

CREATE TABLE padded (id char(8) PRIMARY KEY, grade char(6), name text);
SELECT FROM workflow.attach('padded', '{"entity": "contact"}');
SELECT workflow.create_workflow('grade', '{"triggers": [{"on": "contact.created"}],
  "steps": [{"type": "set", "values": {"contact.grade": "gold"}}, {"type": "send", "channel": "push", "body": "{{ contact.grade }}"}]}');
SELECT workflow.publish('grade');

-- What the caller of tick() has deferred is the caller's: the owner of a workflow must not run it.
CREATE ROLE wf_ticker;
GRANT USAGE ON SCHEMA workflow TO wf_ticker;
GRANT EXECUTE ON FUNCTION workflow.tick TO wf_ticker;
CREATE TABLE ran (which text, as_role name);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO ran VALUES (tg_argv[0], current_user);
  RETURN NULL;
END $$;
CREATE TABLE trap (id int);
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note('deferred');
GRANT INSERT ON trap, ran TO wf_ticker;
CREATE TRIGGER host AFTER UPDATE ON padded FOR EACH ROW EXECUTE FUNCTION note('host');
INSERT INTO padded VALUES ('ABC', 'none', 'Ana');

SET LOCAL ROLE wf_ticker;
INSERT INTO trap VALUES (1);
CREATE TEMP TABLE first AS SELECT * FROM workflow.tick();
RESET ROLE;
SELECT is((SELECT as_role FROM ran WHERE which = 'deferred'), 'wf_ticker', 'what the caller has deferred runs as the caller');
SELECT is((SELECT as_role FROM ran WHERE which = 'host'), session_user, 'triggers of the changed row run as the owner of the workflow');
SELECT is((SELECT errors FROM first), 0, 'without an error');
SELECT is(current_setting('lock_timeout'), '0', 'the settings of a round end with it');
SELECT is((SELECT grade FROM padded), 'gold', 'a column of type char(n) gets the whole value');
SELECT is((SELECT string_agg(o.body, ',') FROM workflow.outbox o), 'gold', 'and is found again by a key of that type');

-- A trigger of the CRM that calls tick() while a round changes its row does not begin another one.
CREATE FUNCTION tick_inside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.ran SELECT 'inside ' || t.busy, current_user FROM workflow.tick() t;
  RETURN NULL;
END $$;
CREATE TRIGGER inside AFTER UPDATE ON padded FOR EACH ROW EXECUTE FUNCTION tick_inside();
INSERT INTO padded VALUES ('DEF', 'none', 'Budi');
SELECT FROM workflow.tick();
SELECT is((SELECT string_agg(which, ',') FROM ran WHERE which LIKE 'inside%'), 'inside true', 'a round inside of a round is told that one is under way');
SELECT is((SELECT count(*) FROM workflow.outbox), 2::bigint, 'and each message is written once');

SELECT throws_ok($$ SELECT workflow.try_append_event(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) $$, '22004', NULL, 'an event of nothing is refused');

SELECT * FROM finish();
ROLLBACK;

-- With whose rights a step changes rows of the CRM, what else runs then, and where what one workflow writes makes another's event.
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = error;

CREATE ROLE wf_owner_may;
CREATE ROLE wf_owner_may_not;
GRANT USAGE ON SCHEMA workflow TO wf_owner_may, wf_owner_may_not;
GRANT EXECUTE ON FUNCTION workflow.create_workflow(text, jsonb, text), workflow.save_draft(text, jsonb, text), workflow.publish(text, text, text)
  TO wf_owner_may, wf_owner_may_not;
CREATE TABLE owned_teams (id int PRIMARY KEY);
CREATE TABLE owned_contacts (id int PRIMARY KEY, stage text, points int DEFAULT 0, team int REFERENCES owned_teams DEFERRABLE INITIALLY DEFERRED);
SELECT FROM workflow.attach('owned_contacts', '{"entity": "contact"}');
GRANT SELECT, UPDATE (stage, team) ON owned_contacts TO wf_owner_may;
GRANT SELECT ON owned_contacts TO wf_owner_may_not;
INSERT INTO owned_teams VALUES (1);
INSERT INTO owned_contacts VALUES (1, 'new'), (2, 'new'), (3, 'new');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}', triggers text = '[{"on": "manual"}]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.publish(text, text, text, text) TO PUBLIC;

-- semantics 30: the owner is who logged in, whatever role is set
SET LOCAL SESSION AUTHORIZATION wf_owner_may;
SELECT pg_temp.publish('may', '[{"id": "s", "type": "set", "contact": {"stage": "may"}}]', '{"on_error": {"retry": 0}}');
SELECT pg_temp.publish('may not points', '[{"id": "s", "type": "set", "contact": {"points": 1}}]', '{"on_error": {"retry": 0}}');
SET LOCAL SESSION AUTHORIZATION wf_owner_may_not;
SELECT pg_temp.publish('may not', '[{"id": "s", "type": "set", "contact": {"stage": "may not"}}]', '{"on_error": {"retry": 0}}');
SELECT throws_ok($$ SELECT workflow.publish('may') $$, '42501', NULL, 'semantics 30: a workflow is published by members of its owner only');
RESET SESSION AUTHORIZATION;
SELECT results_eq($$ SELECT workflow, owner::text COLLATE "default" FROM workflow.versions WHERE workflow LIKE 'may%' ORDER BY 1 $$,
  $$ VALUES ('may', 'wf_owner_may'), ('may not', 'wf_owner_may_not'), ('may not points', 'wf_owner_may') $$, 'semantics 30: the version''s owner is who logged in when it was stored');
SELECT workflow.enroll('may', '1'), workflow.enroll('may not', '2'), workflow.enroll('may not points', '3');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT id, stage, points FROM owned_contacts ORDER BY id', $$ VALUES (1, 'may', 0), (2, 'new', 0), (3, 'new', 0) $$,
  'semantics 30: a step has the rights of the workflow''s owner and no others, down to the column');
SELECT results_eq($$ SELECT workflow, step, sqlstate FROM workflow.errors ORDER BY 1 $$, $$ VALUES ('may not', 's', '42501'), ('may not points', 's', '42501') $$,
  'semantics 28, 29: what may not be done is an error of that enrollment; the others went on');
SELECT results_eq($$ SELECT workflow, reason FROM workflow.enrollments ORDER BY 1 $$, $$ VALUES ('may', 'completed'), ('may not', 'error'), ('may not points', 'error') $$,
  'semantics 23: and each ended with its reason');

-- semantics 30: all that a change sets off runs as that owner, in the round, not later as somebody else
CREATE TABLE owned_seen (what text, who text, login text);
GRANT INSERT ON owned_seen TO wf_owner_may;
CREATE FUNCTION public.wf_owned_seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.owned_seen VALUES (TG_ARGV[0], current_user, session_user); RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON owned_contacts FOR EACH ROW EXECUTE FUNCTION public.wf_owned_seen('before');
CREATE CONSTRAINT TRIGGER b AFTER UPDATE ON owned_contacts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wf_owned_seen('deferred');
SET LOCAL SESSION AUTHORIZATION wf_owner_may;
SELECT pg_temp.publish('deferred', '[{"type": "set", "contact": {"stage": "x", "team": 1}}]');
SELECT pg_temp.publish('no team', '[{"id": "s", "type": "set", "contact": {"team": 7}}]', '{"on_error": {"retry": 0}}');
RESET SESSION AUTHORIZATION;
SELECT workflow.enroll('deferred', '1'), workflow.enroll('no team', '2');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq('SELECT what, who FROM owned_seen ORDER BY what', $$ VALUES ('before', 'wf_owner_may'), ('deferred', 'wf_owner_may') $$,
  'semantics 30: triggers run as the workflow''s owner, a deferred one too');
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is((SELECT count(*) FROM owned_seen), 2::bigint, 'nothing of it is left for the end of the transaction');
SELECT results_eq('SELECT id, stage, team FROM owned_contacts ORDER BY id', $$ VALUES (1, 'x', 1), (2, 'new', NULL), (3, 'new', NULL) $$,
  'a deferred foreign key is checked in the round');
SELECT results_eq($$ SELECT workflow, sqlstate FROM workflow.errors WHERE workflow = 'no team' $$, $$ VALUES ('no team', '23503') $$, 'semantics 28: and fails the enrollment, not the round''s commit');
SET CONSTRAINTS ALL DEFERRED;
DROP TRIGGER a ON owned_contacts;
DROP TRIGGER b ON owned_contacts;

-- A superuser's workflow has the superuser's rights, but a restricted context
CREATE FUNCTION public.wf_owned_escape() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN SET ROLE wf_owner_may; RETURN NEW; END $$;
CREATE TRIGGER c BEFORE UPDATE ON owned_contacts FOR EACH ROW EXECUTE FUNCTION public.wf_owned_escape();
SELECT pg_temp.publish('escapes', '[{"id": "s", "type": "set", "contact": {"stage": "y"}}]', '{"on_error": {"retry": 0}}');
SELECT workflow.enroll('escapes', '3');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT results_eq($$ SELECT sqlstate FROM workflow.errors WHERE workflow = 'escapes' $$, $$ VALUES ('42501') $$, 'semantics 30: in a restricted context nobody sets a role');
SELECT is(current_user, session_user, 'and the session is as it was');
DROP TRIGGER c ON owned_contacts;

SELECT * FROM finish();
ROLLBACK;

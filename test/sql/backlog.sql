-- A window larger than a batch is read in the order of its events, each once, whoever reads on (semantics 1, 3; P7): a session that knows where the
-- rest lies, one that does not, and one whose round was rolled back. Where rows of the log are written anew, it looks again.
SET client_min_messages = error;
CREATE DATABASE wf_backlog;
ALTER DATABASE wf_backlog SET pg_workflow.virtual_clock = on;
ALTER DATABASE wf_backlog SET pg_workflow.batch_size = 7;
SELECT current_database() AS start \gset
\c wf_backlog
SET client_min_messages = error;
CREATE EXTENSION pg_workflow;
CREATE TABLE waiting_line (id int PRIMARY KEY);
SELECT FROM workflow.attach('waiting_line', '{"entity": "contact"}');
SELECT FROM workflow.create_workflow('w', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "stop"}]}');
SELECT FROM workflow.publish('w');
INSERT INTO waiting_line SELECT generate_series(1, 50);
INSERT INTO waiting_line SELECT generate_series(51, 60);
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
BEGIN;
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
ROLLBACK;
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
\c wf_backlog
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
INSERT INTO waiting_line SELECT generate_series(61, 70);
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
UPDATE workflow.event_0 SET depth = depth;
UPDATE workflow.event_1 SET depth = depth;
UPDATE workflow.event_2 SET depth = depth;
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT events FROM workflow.tick('2031-01-01 00:00Z');
SELECT count(*), count(DISTINCT contact_key), array_agg(contact_key::int ORDER BY id) = ARRAY(SELECT generate_series(1, 70)) AS in_order FROM workflow.enrollment;
\c :start
DROP DATABASE wf_backlog WITH (FORCE);

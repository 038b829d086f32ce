-- Ten mistakes, ten problems, each with its place and what to do; nothing is stored (A34, A36).
SET client_min_messages = warning;
CREATE TABLE mistake_contacts (id int PRIMARY KEY, name text NOT NULL, email text, score int);
SELECT FROM workflow.attach('mistake_contacts', '{"entity": "contact"}');
\set definition '{"triggers": [{"on": "contact.craeted", "filter": {"field": "contact.emial", "operator": "notNull"}}, {"on": "contact.created", "filter": {"field": "contact.score", "operator": "=>", "value": 3}}], "settings": {"timezone": "contact", "reentry": "always", "if_passed": "skip"}, "steps": [{"id": "a", "type": "sned", "channel": "email"}, {"id": "b", "type": "wait", "for": "3 dayz"}, {"id": "b", "type": "stop"}, {"type": "send", "channel": "email", "subject": "Hi {{ contact.nmae }}", "body": "x"}, {"type": "if", "if": {"field": "contact.score", "operator": ">"}, "then": []}]}'
SELECT severity, path, message, hint FROM workflow.validate(:'definition') WHERE severity = 'error' ORDER BY path;
SELECT workflow.create_workflow('ten mistakes', :'definition');
SELECT count(*) FROM workflow.workflows;
SELECT count(*) FROM workflow.versions;
SELECT workflow.uninstall();
DROP TABLE mistake_contacts;

-- Campaigns (lists) of the CRM: subscribe and unsubscribe write its rows, and its rows are events (attach 8, 9).
BEGIN;
SELECT plan(17);
SET LOCAL client_min_messages = error;
SET LOCAL search_path = public;
CREATE TABLE subscribers (id serial PRIMARY KEY, email text);
CREATE TABLE lists (id serial PRIMARY KEY, name text UNIQUE NOT NULL, kind text NOT NULL);
CREATE TYPE membership AS ENUM ('subscribed', 'unsubscribed', 'cleaned');
CREATE TABLE list_members (list_id int NOT NULL, subscriber_id int NOT NULL, status membership NOT NULL, joined_at timestamptz NOT NULL, PRIMARY KEY (list_id, subscriber_id));
SELECT throws_like($$ SELECT workflow.attach('lists', '{"entity": "list", "contact": "id", "campaigns": {"through": "list_members", "owner": "list_id", "campaign": "status"}}') $$, 'invalid binding%', 'campaigns are of contacts');
SELECT FROM workflow.attach('subscribers', $${"entity": "contact", "campaigns": {"through": "list_members", "owner": "subscriber_id", "campaign": ["list_id", "lists.id", "lists.name"],
  "live": {"field": "status", "operator": "=", "value": "subscribed"}, "remove": {"status": "unsubscribed"}}}$$);
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'source public.subscribers'), 'ok', 'attached');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'list_members'::regclass AND tgname LIKE 'pg_workflow_campaigns_%'), 1::bigint, 'with a trigger of its own');
CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', '{"reentry": "every_event", "on_error": {"retry": 0}}'::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.said(workflow text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.contact_key || ':' || o.body, ' ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow
$$;
SELECT pg_temp.publish('in', '[{"on": "contact.subscribed", "filter": {"field": "event.campaign", "operator": "=", "value": "News"}}]', '[{"type": "send", "channel": "push", "body": "{{ event.campaign }} {{ contact.campaigns | join }}"}]');
SELECT pg_temp.publish('out', '[{"on": "contact.unsubscribed"}]', '[{"type": "send", "channel": "push", "body": "{{ event.campaign }}"}]');
SELECT pg_temp.publish('own', '[{"on": "campaign.subscribed"}]', '[{"type": "send", "channel": "push", "body": "{{ event.data.campaign }}"}]');
INSERT INTO subscribers (email) VALUES ('a@x'), ('b@x');
INSERT INTO lists (name, kind) VALUES ('News', 'm'), ('Offers', 'm');
INSERT INTO list_members VALUES (1, 1, 'subscribed', now()), (1, 2, 'unsubscribed', now()), (2, 2, 'subscribed', now());
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('in'), '1:News News', 'attach 8: membership with a status; a row of the CRM is contact.subscribed');
SELECT is(pg_temp.said('own'), '1:News 2:Offers', 'and campaign.subscribed');
UPDATE list_members SET status = 'subscribed' WHERE subscriber_id = 2;
UPDATE list_members SET status = 'cleaned' WHERE subscriber_id = 1;
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(right(pg_temp.said('in'), 19), ' 2:News News Offers', 'a status that comes to count');
SELECT is(pg_temp.said('out'), '1:News', 'and one that ceases to: contact.unsubscribed');
SELECT pg_temp.publish('joins', '[{"on": "manual"}]', '[{"type": "subscribe", "campaign": "Offers"}, {"type": "unsubscribe", "campaign": "News"}, {"type": "subscribe", "campaign": "News"}]');
SELECT workflow.enroll('joins', '1');
SELECT FROM workflow.tick('2031-01-06 11:00Z');
SELECT results_eq('SELECT list_id, status::text FROM list_members WHERE subscriber_id = 1 ORDER BY 1', $$ VALUES (1, 'subscribed'), (2, 'subscribed') $$, 'subscribe writes the CRM''s rows: a new one, and one that is there by its status');
SELECT is((SELECT count(*) FROM workflow.subscription), 0::bigint, 'and none of ours');
SELECT FROM workflow.tick('2031-01-06 11:01Z');
SELECT is(right(pg_temp.said('in'), 19), ' 1:News News Offers', 'that is an event as any other');
SELECT pg_temp.publish('leaves', '[{"on": "manual"}]', '[{"type": "unsubscribe", "campaign": "Offers"}]');
SELECT workflow.enroll('leaves', '2');
SELECT FROM workflow.tick('2031-01-06 12:00Z');
SELECT FROM workflow.tick('2031-01-06 12:01Z');
SELECT is((SELECT status::text FROM list_members WHERE subscriber_id = 2 AND list_id = 2) || ' ' || right(pg_temp.said('out'), 8), 'unsubscribed 2:Offers', 'unsubscribe sets what the binding says');
SELECT pg_temp.publish('unknown', '[{"on": "manual"}]', '[{"type": "subscribe", "campaign": "Nws"}]');
SELECT workflow.enroll('unknown', '1');
SELECT FROM workflow.tick('2031-01-06 12:02Z');
SELECT is((SELECT message FROM workflow.errors LIMIT 1), 'there is no campaign "Nws" in "public.lists"', 'a campaign that is not there is an error of the step');
SELECT pg_temp.publish('all mail', '[{"on": "manual"}]', '[{"type": "unsubscribe"}]');
SELECT workflow.enroll('all mail', '1');
SELECT FROM workflow.tick('2031-01-06 12:03Z');
SELECT is((SELECT count(*) FROM workflow.subscription WHERE campaign = '' AND NOT subscribed), 1::bigint, 'all mail is ours to keep');
SELECT is((SELECT array_agg(r) FROM workflow.matching_rows('{"field": "contact.campaigns", "operator": "contains", "value": "Offers"}', 'subscribers') r), '{1}', 'contact.campaigns in filters');
ALTER TABLE list_members DROP COLUMN joined_at;
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'source public.subscribers'), 'ok', 'what the binding does not read may go');
SELECT is((SELECT string_agg(message, ';') FROM workflow.validate('{"triggers": [{"on": "contact.subscribed"}], "steps": [{"type": "stop"}]}') WHERE severity = 'error'), NULL, 'the events are known');
SELECT workflow.detach('subscribers');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_workflow%' AND tgrelid = 'list_members'::regclass), 0::bigint, 'detach takes the trigger');
SELECT * FROM finish();
ROLLBACK;

-- Tags that are rows of another table (attach 7, 8, 10): read, heard, written, looked after.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL search_path = public;

CREATE FUNCTION pg_temp.publish(name text, triggers text, steps text = '[{"type": "send", "channel": "push", "body": "{{ event.tag }}"}]',
                                settings text = '{"reentry": "every_event"}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', triggers::jsonb, 'settings', settings::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
CREATE FUNCTION pg_temp.said(workflow text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(o.contact_key || ':' || o.body, ' ' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = said.workflow
$$;
CREATE FUNCTION pg_temp.refused(source regclass, binding text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  d text;
  h text;
BEGIN
  PERFORM FROM workflow.attach(source, binding::jsonb, true);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'WF004' THEN
  GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
  RETURN d || coalesce(' [' || nullif(h, '') || ']', '');
END $$;

-- Polymorphic taggings with soft deletion, as Rails' CRMs have them; the same join table serves two sources.
CREATE TABLE people (id bigserial PRIMARY KEY, email text, deleted_at timestamp);
CREATE TABLE deals (id serial PRIMARY KEY, person_id int, title text);
CREATE TABLE tags (id serial PRIMARY KEY, name varchar(255) UNIQUE NOT NULL, created_at timestamp NOT NULL);
CREATE TABLE taggings (id bigserial PRIMARY KEY, tag_id int REFERENCES tags ON DELETE CASCADE, taggable_type text NOT NULL, taggable_id bigint NOT NULL,
  context varchar(128) NOT NULL, tagger_id int, created_at timestamp NOT NULL DEFAULT now(), removed_at timestamptz,
  UNIQUE (tag_id, taggable_id, taggable_type, context));
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tags": {"through": "tagging", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "tags.name"]}}'),
  '/tags/through: table "tagging" does not exist [Did you mean "taggings"?]', 'attach: a wrong table is told with the nearest');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tags": {"through": "taggings", "owner": "tagable_id", "tag": ["tag_id", "tags.id", "tags.nam"]}}'),
  E'/tags/owner: column "tagable_id" does not exist\n/tags/tag/2: column "nam" does not exist [/tags/owner: Did you mean "taggable_id"?\n/tags/tag/2: Did you mean "name"?]',
  'attach: wrong columns, all at once');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tags": {"through": "taggings", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "people.email"]}}'),
  '/tags/tag/2: "people.email" is of another table than "tags.id" [The way goes on by two columns of one table: the one that is equal, and the one that is taken.]', 'attach: the way to the word');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tags": {"through": "taggings", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "tags.name"], "only": {"taggable_typ": "Person"}}}'),
  '/tags/only/taggable_typ: column "taggable_typ" does not exist [Did you mean "taggable_type"?]', 'attach: a wrong column under "only"');
SELECT is(pg_temp.refused('people', '{"entity": "contact", "tags": {"through": "taggings", "owner": "taggable_id", "tag": ["tag_id", "tags.id", "tags.name"], "live": {"field": "removd_at", "operator": "null"}}}'),
  '/tags/live/field: unknown field "removd_at" [Did you mean "removed_at"?]', 'attach: a wrong column under "live"');
SELECT FROM workflow.attach('people', '{"entity": "contact", "live": {"field": "deleted_at", "operator": "null"}, "tags": {"through": "taggings", "owner": "taggable_id",
  "tag": ["tag_id", "tags.id", "tags.name"], "only": {"taggable_type": "Person", "context": "tags"}, "live": {"field": "removed_at", "operator": "null"}}}');
SELECT FROM workflow.attach('deals', '{"entity": "deal", "contact": "person_id", "tags": {"through": "taggings", "owner": "taggable_id",
  "tag": ["tag_id", "tags.id", "tags.name"], "only": {"taggable_type": "Deal", "context": "tags"}, "live": {"field": "removed_at", "operator": "null"}}}');
SELECT is((SELECT string_agg(state, ',') FROM workflow.doctor() WHERE name LIKE 'source public.%'), 'ok,ok', 'doctor finds the triggers of both');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'taggings'::regclass AND tgname LIKE 'pg_workflow_tags_%'), 2::bigint, 'one trigger for each source that the table is part of');

SELECT pg_temp.publish('lead', '[{"on": "contact.created", "filter": {"field": "contact.tags", "operator": "contains", "value": "lead"}}]', '[{"type": "send", "channel": "push", "body": "{{ contact.tags | join: \"+\" }}"}]');
SELECT pg_temp.publish('added', '[{"on": "contact.tag_added"}]');
SELECT pg_temp.publish('vip', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "vip"}}]');
SELECT pg_temp.publish('removed', '[{"on": "contact.tag_removed"}]');
SELECT pg_temp.publish('hot deals', '[{"on": "deal.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "hot"}}]',
  '[{"type": "send", "channel": "push", "body": "{{ deal.title }} {{ deal.tags | join }}"}]');
INSERT INTO tags (name, created_at) SELECT n, now() FROM unnest('{lead,vip,hot,old}'::text[]) n;
CREATE FUNCTION pg_temp.tag(id bigint, tag text, kind text = 'Person', context text = 'tags') RETURNS void LANGUAGE sql AS $$
  INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) SELECT t.id, kind, tag.id, context FROM tags t WHERE t.name = tag
$$;

INSERT INTO people (email) VALUES ('a@x.test'), ('b@x.test'), ('c@x.test');
SELECT pg_temp.tag(1, 'lead'), pg_temp.tag(1, 'vip'), pg_temp.tag(2, 'lead', 'Deal'), pg_temp.tag(2, 'lead', context => 'notes');
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT is(pg_temp.said('lead'), '1:lead+vip', 'attach 7: join rows written after their parent, in the same transaction; other types and contexts are not its tags');
SELECT is(pg_temp.said('added'), '1:lead', 'attach 8, semantics 3: rows in the join table are an event of their owner, once in a transaction');
SELECT is(pg_temp.said('vip'), '1:vip', 'event.tag in a filter: any of the tags that came');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE workflow = 'added'), 0::bigint, 'and the others are no refusal');
SELECT is(pg_temp.said('removed'), NULL, 'nothing was removed');

-- soft deletion of join rows, and back
UPDATE taggings SET removed_at = now() WHERE taggable_id = 1 AND taggable_type = 'Person';
SELECT FROM workflow.tick('2031-01-06 09:01Z');
SELECT is(pg_temp.said('removed'), '1:lead', 'attach 10: a join row that is marked as deleted is a tag removed');
UPDATE taggings SET removed_at = NULL, created_at = '2030-01-01' WHERE taggable_id = 1 AND taggable_type = 'Person';
SELECT FROM workflow.tick('2031-01-06 09:02Z');
SELECT is(pg_temp.said('vip'), '1:vip 1:vip', 'and back');

-- Replaced by the same: nothing. Changed to another: both.
DELETE FROM taggings WHERE taggable_id = 1 AND taggable_type = 'Person';
SELECT pg_temp.tag(1, 'lead'), pg_temp.tag(1, 'vip');
SELECT FROM workflow.tick('2031-01-06 09:03Z');
SELECT is(pg_temp.said('removed') || '|' || pg_temp.said('added'), '1:lead|1:lead 1:lead', 'rows deleted and made anew in one transaction are no event');
UPDATE taggings SET tag_id = (SELECT id FROM tags WHERE name = 'old') WHERE taggable_id = 1 AND taggable_type = 'Person' AND tag_id = (SELECT id FROM tags WHERE name = 'vip');
SELECT FROM workflow.tick('2031-01-06 09:04Z');
SELECT is(right(pg_temp.said('removed'), 5) || '|' || right(pg_temp.said('added'), 5), '1:vip|1:old', 'a row that ties to another tag: one removed, one added');
SAVEPOINT s;
SELECT pg_temp.tag(3, 'vip');
ROLLBACK TO s;
SELECT FROM workflow.tick('2031-01-06 09:05Z');
SELECT is(right(pg_temp.said('vip'), 5), '1:vip', 'what a savepoint rolled back did not happen');

-- another source of the same table
INSERT INTO deals (person_id, title) VALUES (3, 'Boat');
SELECT pg_temp.tag(1, 'hot', 'Deal');
SELECT FROM workflow.tick('2031-01-06 09:06Z');
SELECT is(pg_temp.said('hot deals'), '3:Boat hot', 'of two sources with one join table, each has its own');

-- The owner goes: no event. The tag goes.
DELETE FROM taggings WHERE taggable_id = 3; 
DELETE FROM people WHERE id = 2;
SELECT pg_temp.tag(2, 'vip');
SELECT FROM workflow.tick('2031-01-06 09:07Z');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE contact_key = '2' AND workflow = 'vip'), 0::bigint, 'a tie to a row that is not there is nobody''s event');

-- Waiting for a tag
SELECT pg_temp.publish('waits', '[{"on": "manual"}]', '[{"type": "wait", "until": {"field": "contact.tags", "operator": "contains", "value": "vip"}, "forever": true},
  {"type": "send", "channel": "push", "body": "ready"}]');
SELECT workflow.enroll('waits', '3');
SELECT FROM workflow.tick('2031-01-06 09:08Z');
SELECT pg_temp.tag(3, 'vip');
SELECT FROM workflow.tick('2031-01-06 09:09Z');
SELECT is(pg_temp.said('waits'), '3:ready', 'a wait until a tag is there ends by the join row');

-- filters over rows
SELECT is((SELECT array_agg(r ORDER BY r) FROM workflow.matching_rows('{"field": "contact.tags", "operator": "contains", "value": "vip"}', 'people') r), '{3}', 'matching_rows');
SELECT is(workflow.matches('{"field": "contact.tags", "operator": "contains", "value": "x"}', '{"contact": {"tags": ["x", "y"]}}'), true, 'matches');
CREATE FUNCTION pg_temp.by_sql(filter jsonb, source regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  found text;
BEGIN
  EXECUTE format('SELECT string_agg(p.id::text, '','' ORDER BY p.id) FROM %s p WHERE %s', source, workflow.filter_to_sql(filter, source)) INTO found;
  RETURN found;
END $$;
SELECT is(pg_temp.by_sql('{"field": "contact.tags", "operator": "contains", "value": "vip"}', 'people'), '3', 'filter_to_sql');
SELECT is(pg_temp.by_sql('{"field": "contact.tags", "operator": "doesNotContain", "value": "vip"}', 'people'), '1', 'filter_to_sql: who has no tags at all does not have this one');
SELECT is(pg_temp.by_sql('{"field": "contact.tags", "operator": "contains", "value": "vip"}', 'deals'), '1', 'filter_to_sql: the tags of the contact of a row');

-- the tag step
SELECT pg_temp.publish('tags them', '[{"on": "manual"}]', '[{"type": "tag", "add": ["brand new", "vip"], "remove": ["old"]}, {"type": "send", "channel": "push", "body": "{{ contact.tags | join: \"+\" }}"}]');
SELECT workflow.enroll('tags them', c) FROM unnest('{1,3}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:10Z');
SELECT is(pg_temp.said('tags them'), '1:brand new+lead+vip 3:brand new+vip', 'tag: rows are made, words that are not there too, and what is there is not made twice');
SELECT results_eq($$ SELECT t.name::text, g.taggable_id, g.taggable_type, g.context::text, g.removed_at IS NULL FROM taggings g JOIN tags t ON t.id = g.tag_id
   WHERE g.taggable_type = 'Person' AND t.name IN ('brand new', 'old') ORDER BY 1, 2 $$,
  $$ VALUES ('brand new', 1::bigint, 'Person', 'tags', true), ('brand new', 3, 'Person', 'tags', true), ('old', 1, 'Person', 'tags', false) $$,
  'tag: a new row has what "only" asks for; one that is removed is marked as "live" has it');
SELECT FROM workflow.tick('2031-01-06 09:11Z');
SELECT ok(pg_temp.said('added') LIKE '% 1:vip 3:brand new' AND right(pg_temp.said('removed'), 5) = '1:old', 'C02, C03: and these are events as any other');
SELECT pg_temp.publish('again', '[{"on": "manual"}]', '[{"type": "tag", "add": ["old"]}, {"type": "tag", "remove": ["brand new"]}]');
SELECT workflow.enroll('again', '1');
SELECT FROM workflow.tick('2031-01-06 09:12Z');
SELECT is((SELECT count(*) FROM taggings g JOIN tags t ON t.id = g.tag_id WHERE t.name = 'old' AND g.taggable_id = 1), 1::bigint, 'tag: a row that was removed is taken again');

-- drift
ALTER TABLE taggings RENAME COLUMN removed_at TO gone_at;
SELECT is((SELECT detail FROM workflow.doctor() WHERE name = 'source public.people'), 'column "removed_at" of table "public.taggings" does not exist any more', 'attach 11: doctor tells of a renamed column');
SELECT lives_ok($$ INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) VALUES (1, 'Person', 77, 'tags') $$, 'attach 11: and the host''s write goes on');
ALTER TABLE taggings RENAME COLUMN gone_at TO removed_at;
SELECT is((SELECT string_agg(state, ',') FROM workflow.doctor() WHERE name LIKE 'source public.%'), 'ok,ok', 'the column is back');
ALTER TABLE taggings DISABLE TRIGGER ALL;
SELECT matches((SELECT detail FROM workflow.doctor() WHERE name = 'source public.people'), '^trigger "pg_workflow_tags_[0-9]+" of "public[.]taggings" is disabled$', 'attach 11: doctor tells of a disabled trigger');
ALTER TABLE taggings ENABLE TRIGGER ALL;

-- The column of the words gets another type; the table of the words, then that of the ties, goes. The host's writes commit, doctor says what is wrong.
SAVEPOINT drift;
SELECT pg_temp.publish('greets', '[{"on": "contact.created"}]', '[{"type": "send", "channel": "push", "body": "hello"}]');
SELECT FROM workflow.tick('2031-01-06 09:20Z');
ALTER TABLE taggings DROP CONSTRAINT taggings_tag_id_fkey;
ALTER TABLE taggings ALTER tag_id TYPE text;
SELECT lives_ok($$ INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) VALUES ('4', 'Person', 3, 'tags') $$, 'attach 11, semantics 6: a column of the join table has another type, the host''s write goes on');
SELECT matches((SELECT detail FROM workflow.doctor() WHERE name = 'source public.people'), '^column "tag_id" of table "public[.]taggings" was integer and is text$', 'attach 11: doctor names it');
SELECT lives_ok($$ UPDATE people SET email = 'z@x.test' WHERE id = 3 $$, 'rows of the source itself as well');
SELECT lives_ok($$ SELECT FROM workflow.tick('2031-01-06 09:21Z') $$, 'a round goes on');
SELECT FROM workflow.attach('people', (SELECT s.binding FROM workflow.sources s WHERE s.relation = 'people'::regclass));
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'source public.people'), 'ok', 'attached again it fits');
INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) SELECT t.id, 'Person', 1, 'again' FROM tags t WHERE t.name = 'hot';
INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) SELECT t.id, 'Person', 1, 'tags' FROM tags t WHERE t.name = 'hot';
SELECT FROM workflow.tick('2031-01-06 09:22Z');
SELECT is(right(pg_temp.said('added'), 5), '1:hot', 'and is heard');
ROLLBACK TO drift;
SAVEPOINT drift;
SELECT pg_temp.publish('greets', '[{"on": "contact.created"}]', '[{"type": "send", "channel": "push", "body": "hello"}]');
SELECT FROM workflow.tick('2031-01-06 09:20Z');
DROP TABLE tags CASCADE;
SELECT lives_ok($$ INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) VALUES (4, 'Person', 3, 'tags') $$, 'attach 11, semantics 6: the table of the words is gone, a write to the ties commits');
SELECT lives_ok($$ INSERT INTO people (email) VALUES ('late@x.test') $$, 'and one to the source');
SELECT lives_ok($$ SELECT FROM workflow.tick('2031-01-06 09:21Z') $$, 'a round goes on');
SELECT is((SELECT detail FROM workflow.doctor() WHERE name = 'source public.people'), 'table "public.tags" does not exist any more', 'attach 11: doctor names it');
DROP TABLE taggings;
SELECT lives_ok($$ INSERT INTO people (email) VALUES ('later@x.test') $$, 'attach 11, semantics 6: the join table is gone, the host''s write to the source commits');
SELECT lives_ok($$ UPDATE people SET email = 'y@x.test' WHERE id = 3 $$, 'changes too');
SELECT lives_ok($$ SELECT FROM workflow.tick('2031-01-06 09:22Z') $$, 'a round goes on');
SELECT matches((SELECT string_agg(detail, '; ') FROM workflow.doctor() WHERE name = 'source public.people'), 'table "public[.](tags|taggings)" does not exist any more', 'attach 11: doctor names it');
SELECT lives_ok($$ SELECT FROM workflow.attach('people', '{"entity": "contact", "live": {"field": "deleted_at", "operator": "null"}}') $$, 'attached again without tags');
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'source public.people'), 'ok', 'it is well');
SELECT FROM workflow.tick('2031-01-06 09:30Z');
SELECT is((SELECT string_agg(c.email, ',' ORDER BY c.id) FROM workflow.outbox o JOIN people c ON c.id::text = o.contact_key WHERE o.workflow = 'greets'), 'late@x.test,later@x.test',
          'and what came meanwhile, and did not need the tags, is not lost');
ROLLBACK TO drift;

-- attach again without, detach
SELECT FROM workflow.attach('deals', '{"entity": "deal", "contact": "person_id"}');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'taggings'::regclass AND tgname LIKE 'pg_workflow_%'), 1::bigint, 'attach again without tags: the trigger goes');
SELECT workflow.detach('people');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pg_workflow_%' AND tgrelid IN ('people'::regclass, 'taggings'::regclass)), 0::bigint, 'detach leaves none');
SELECT workflow.detach('deals');

-- Without an id, odd names, a composite owner, the word in the row itself, types that differ, an enum status; replicated.
CREATE SCHEMA "CRM one";
CREATE TYPE "CRM one".standing AS ENUM ('active', 'left');
CREATE TABLE "CRM one"."Contact" (org smallint, code text, "e mail" text, PRIMARY KEY (org, code));
CREATE TABLE "CRM one"."Contact Label" ("Org" int, "Code" varchar(20), "the label" text, status "CRM one".standing, PRIMARY KEY ("Org", "Code", "the label"));
SELECT FROM workflow.attach('"CRM one"."Contact"', '{"entity": "contact", "account": "org", "fields": {"email": "e mail"}, "replicated": true,
  "tags": {"through": "Contact Label", "owner": ["Org", "Code"], "tag": "the label", "live": {"field": "status", "operator": "=", "value": "active"}, "remove": {"status": "left"}}}');
SELECT is((SELECT tgenabled FROM pg_trigger WHERE tgrelid = '"CRM one"."Contact Label"'::regclass), 'A', 'replicated: the join table''s trigger fires for what is applied, too');
INSERT INTO "CRM one"."Contact" VALUES (1, 'a', 'a@x'), (2, 'a', 'a@x');
INSERT INTO "CRM one"."Contact Label" VALUES (1, 'a', 'vip', 'active'), (2, 'a', 'vip', 'left');
SELECT FROM workflow.tick('2031-01-06 10:00Z');
SELECT is(right(pg_temp.said('vip'), 8), ' 1,a:vip', 'attach 2, 8: a composite owner, a table without an id, membership with a status');
SELECT is((SELECT account FROM workflow.outbox WHERE workflow = 'vip' AND contact_key = '1,a'), '1', 'attach 12: the account is the owner''s');
UPDATE "CRM one"."Contact Label" SET status = 'active' WHERE "Org" = 2;
SELECT FROM workflow.tick('2031-01-06 10:01Z');
SELECT is(right(pg_temp.said('vip'), 8), ' 2,a:vip', 'attach 8: a status that comes to count');
SELECT pg_temp.publish('odd', '[{"on": "manual"}]', '[{"type": "tag", "add": ["x\"y"], "remove": ["vip"]}]');
SELECT workflow.enroll('odd', '1,a', account => '1');
SELECT FROM workflow.tick('2031-01-06 10:02Z');
SELECT results_eq($$ SELECT "the label", status::text FROM "CRM one"."Contact Label" WHERE "Org" = 1 ORDER BY 1 $$, $$ VALUES ('vip', 'left'), ('x"y', 'active') $$, 'tag: by the status');
SELECT workflow.detach('"CRM one"."Contact"');

-- What cannot be written is refused, what can is not.
CREATE TABLE kinds (id int PRIMARY KEY, label text, code text NOT NULL);
CREATE TABLE links (person bigint, kind int, weight int NOT NULL);
SELECT FROM workflow.attach('people', '{"entity": "contact", "tags": {"through": "links", "owner": "person", "tag": ["kind", "kinds.id", "kinds.label"]}}');
SELECT is((SELECT message FROM workflow.validate('{"triggers": [{"on": "manual"}], "steps": [{"type": "tag", "add": ["a"]}]}') WHERE severity = 'error'),
  'the tags of "contact" cannot be changed: column "weight" of "public.links" has no default; give it in "add"', 'a tag step that could not write is refused when it is published');
SELECT FROM workflow.attach('people', '{"entity": "contact", "tags": {"through": "links", "owner": "person", "tag": ["kind", "kinds.id", "kinds.label"], "add": {"weight": 3}}}');
INSERT INTO kinds VALUES (1, 'a', 'A');
SELECT pg_temp.publish('weigh', '[{"on": "manual"}]', '[{"type": "tag", "add": ["a"]}]');
SELECT pg_temp.publish('no such', '[{"on": "manual"}]', '[{"type": "tag", "add": ["a", "not there"]}]', '{"on_error": {"retry": 0}}');
SELECT workflow.enroll(w, '1') FROM unnest('{weigh,no such}'::text[]) w;
SELECT FROM workflow.tick('2031-01-06 10:03Z');
SELECT results_eq('SELECT person, kind, weight FROM links', 'VALUES (1::bigint, 1, 3)', 'tag: "add" gives what a new row needs');
SELECT is((SELECT DISTINCT message FROM workflow.errors WHERE workflow = 'no such'), 'there is no tag "not there" in "public.kinds"', 'tag: a word that is not there and cannot be made is an error of the step');

-- More rows than one for the same tag, without a key: only the last to go is a tag removed.
TRUNCATE links;
INSERT INTO links VALUES (1, 1, 1), (1, 1, 2);
SELECT FROM workflow.tick('2031-01-06 10:04Z');
CREATE TEMPORARY TABLE seen AS SELECT (SELECT count(*) FROM workflow.outbox WHERE workflow = 'removed') AS removed;
DELETE FROM links WHERE weight = 1;
SELECT FROM workflow.tick('2031-01-06 10:05Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'removed'), (SELECT removed FROM seen), 'one of two rows for a tag goes: the tag is still there');
DELETE FROM links;
SELECT FROM workflow.tick('2031-01-06 10:06Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'removed'), (SELECT removed + 1 FROM seen), 'the other goes: the tag is removed');

-- attach 11: TRUNCATE of the join table. The host's statement commits; nobody is told, but whoever looks sees that there are none.
INSERT INTO links VALUES (1, 1, 1), (3, 1, 1);
SELECT FROM workflow.tick('2031-01-06 10:07Z');
CREATE TEMPORARY TABLE told AS SELECT count(*) AS events FROM workflow.outbox WHERE workflow IN ('removed', 'added');
SELECT pg_temp.publish('looks', '[{"on": "manual"}]', '[{"type": "wait", "for": "1 hour"}, {"type": "send", "channel": "push", "body": "has {{ contact.tags | join }}"}]');
SELECT workflow.enroll('looks', '1');
SELECT FROM workflow.tick('2031-01-06 10:08Z');
SELECT lives_ok('TRUNCATE links', 'attach 11: a join table is truncated');
SELECT FROM workflow.tick('2031-01-06 11:08Z');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow IN ('removed', 'added')), (SELECT events FROM told), 'which is no event');
SELECT is(pg_temp.said('looks'), '1:has ', 'but who looks sees no tags');
SELECT is((SELECT state FROM workflow.doctor() WHERE name = 'source public.people'), 'ok', 'and nothing is wrong');

-- semantics 7: the chain goes along with rows of the join table, too
INSERT INTO kinds VALUES (2, 'ping', 'P'), (3, 'pong', 'Q');
SELECT pg_temp.publish('ping', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "ping"}}]', '[{"type": "tag", "remove": ["ping"], "add": ["pong"]}]');
SELECT pg_temp.publish('pong', '[{"on": "contact.tag_added", "filter": {"field": "event.tag", "operator": "=", "value": "pong"}}]', '[{"type": "tag", "remove": ["pong"], "add": ["ping"]}]');
SELECT FROM workflow.tick('2031-01-06 12:00Z');
INSERT INTO links VALUES (3, 2, 1);
SELECT count(*) FROM (SELECT workflow.tick('2031-01-06 12:01Z') FROM generate_series(1, 12)) t;
SELECT results_eq($$ SELECT workflow, count(*), (SELECT string_agg(r.reason, ',') FROM workflow.refusals r WHERE r.workflow = e.workflow AND r.reason <> 'filter') FROM workflow.enrollments e WHERE workflow IN ('ping', 'pong') GROUP BY 1 ORDER BY 1 $$,
  $$ VALUES ('ping', 1::bigint, 'loop'), ('pong', 1, NULL) $$, 'semantics 7: two that tag for each other go round once');

-- uninstall
SELECT workflow.uninstall();
SELECT is((SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.pronamespace = 'workflow'::regnamespace AND p.proname LIKE 'capture%'), 0::bigint,
  'uninstall takes every trigger');
SELECT * FROM finish();
ROLLBACK;

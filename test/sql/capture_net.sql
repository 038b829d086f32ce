-- semantics 2, P1: whatever a transaction does to a row, and whichever updates capture passes over because nobody wants them, what comes out is the
-- transition from the first version to the last. 250 random transactions, each compared with what their rows were and are.
SET client_min_messages = error;
SELECT current_database() AS start \gset
CREATE DATABASE wf_capture_net;
\c wf_capture_net
SET client_min_messages = error;
CREATE EXTENSION pg_workflow;
SET jit = off;
CREATE TABLE net_rows (id int PRIMARY KEY, status text, score int, note text, tags text[], paid_at timestamptz);
SELECT FROM workflow.attach('net_rows', '{"entity": "contact", "events": {"contact.won": {"when": {"field": "status", "operator": "changedTo", "value": "won"}}}}');
CREATE PROCEDURE net_publish(name text, event text, filter text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', jsonb_build_array(jsonb_build_object('on', event, 'filter', filter::jsonb)),
    'settings', '{"reentry": "every_event"}'::jsonb, 'steps', '[{"type": "stop"}]'::jsonb));
  PERFORM workflow.publish(name);
END $$;
CALL net_publish('rich', 'contact.updated', '{"field": "contact.score", "operator": ">", "value": 7}');
CALL net_publish('open', 'contact.updated', '[{"field": "contact.status", "operator": "=", "value": "open"}, {"field": "contact.score", "operator": "<", "value": 3}]');
CALL net_publish('moved', 'contact.updated', '[{"field": "contact.status", "operator": "changed"}, {"field": "contact.score", "operator": ">", "value": 4}]');
CALL net_publish('won', 'contact.won', '{"field": "contact.score", "operator": ">", "value": 2}');
CALL net_publish('new', 'contact.created', '{"field": "contact.score", "operator": ">", "value": 5}');

-- Which workflow has to hear of this transition, and how often.
CREATE FUNCTION net_wanted(old net_rows, new net_rows) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(w ORDER BY w), '{}') FROM (
    SELECT 'rich' WHERE (old).id IS NOT NULL AND (new).id IS NOT NULL AND old IS DISTINCT FROM new AND (new).score > 7
    UNION ALL SELECT 'open' WHERE (old).id IS NOT NULL AND (new).id IS NOT NULL AND old IS DISTINCT FROM new AND (new).status = 'open' AND (new).score < 3
    UNION ALL SELECT 'moved' WHERE (old).id IS NOT NULL AND (new).id IS NOT NULL AND (old).status IS DISTINCT FROM (new).status AND (new).score > 4
    UNION ALL SELECT 'won' WHERE (new).id IS NOT NULL AND (new).status = 'won' AND (old).status IS DISTINCT FROM 'won' AND (new).score > 2
    UNION ALL SELECT 'new' WHERE (old).id IS NULL AND (new).id IS NOT NULL AND (new).score > 5) AS u(w)
$$;
CREATE VIEW net_log AS SELECT * FROM workflow.event_0 UNION ALL SELECT * FROM workflow.event_1 UNION ALL SELECT * FROM workflow.event_2;
CREATE TABLE net_failed (transaction int, id int, wanted text[], heard text[]);
CREATE TABLE net_heard (transaction int, heard text[]);
CREATE PROCEDURE net_play(transactions int) LANGUAGE plpgsql AS $$
DECLARE
  before net_rows[];
  mark bigint;
  which int;
BEGIN
  PERFORM setseed(0.4711);
  FOR n IN 1 .. transactions LOOP
    before := ARRAY(SELECT r FROM net_rows r);
    mark := (SELECT coalesce(max(id), 0) FROM net_log);
    FOR i IN 1 .. 1 + floor(random() * 5)::int LOOP
      which := 1 + floor(random() * 4)::int;
      BEGIN
        CASE floor(random() * 8)::int
          WHEN 0 THEN INSERT INTO net_rows VALUES (which, 'open', floor(random() * 10)::int) ON CONFLICT DO NOTHING;
          WHEN 1 THEN DELETE FROM net_rows WHERE id = which AND random() < 0.5;
          WHEN 2 THEN UPDATE net_rows SET status = (ARRAY['open', 'won', 'lost'])[1 + floor(random() * 3)::int] WHERE id = which;
          WHEN 3 THEN UPDATE net_rows SET note = note WHERE id = which;
          WHEN 4 THEN UPDATE net_rows SET note = floor(random() * 2)::text WHERE id = which;
          ELSE UPDATE net_rows SET score = floor(random() * 10)::int WHERE id = which;
        END CASE;
        IF random() < 0.15 THEN RAISE EXCEPTION 'rolled back'; END IF;
      EXCEPTION WHEN raise_exception THEN NULL;
      END;
    END LOOP;
    COMMIT;
    WITH row_of AS (SELECT coalesce(o.id, r.id) AS id, o, r FROM unnest(before) o FULL JOIN net_rows r USING (id)),
         heard AS (SELECT e.row_key::int AS id, array_agg(w.name ORDER BY w.name) AS names
                     FROM net_log e, json_array_elements(e.body->'wanted') wanted, json_array_elements_text(wanted->'versions') v
                     JOIN workflow.version ON version.id = v::int JOIN workflow.workflow w ON w.id = version.workflow
                    WHERE e.id > mark GROUP BY 1),
         both_sides AS (SELECT row_of.id, net_wanted(row_of.o, row_of.r) AS wanted, coalesce(heard.names, '{}') AS names FROM row_of LEFT JOIN heard USING (id)),
         told AS (INSERT INTO net_heard SELECT n, names FROM both_sides WHERE names <> '{}')
    INSERT INTO net_failed SELECT n, id, wanted, names FROM both_sides WHERE wanted IS DISTINCT FROM names;
    COMMIT;
  END LOOP;
END $$;
SELECT workflow.halt() IS NOT NULL AS halted;
CALL net_play(250);
SELECT * FROM net_failed ORDER BY 1, 2 LIMIT 10;
SELECT count(*) > 60 AS often, count(DISTINCT heard) > 5 AS in_many_ways FROM net_heard;
SELECT workflow.resume_all() IS NOT NULL AS resumed;
\c :start
DROP DATABASE wf_capture_net WITH (FORCE);

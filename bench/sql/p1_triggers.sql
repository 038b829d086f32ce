-- Three tables beside the attached one: without a trigger, with an empty C trigger, with a PL/pgSQL trigger over a table of rules.
CREATE TABLE plain (LIKE contacts INCLUDING ALL) WITH (autovacuum_enabled = off);
CREATE TABLE empty (LIKE contacts INCLUDING ALL) WITH (autovacuum_enabled = off);
CREATE TABLE ruled (LIKE contacts INCLUDING ALL) WITH (autovacuum_enabled = off);
ALTER TABLE contacts SET (autovacuum_enabled = off);

CREATE FUNCTION empty_trigger() RETURNS trigger LANGUAGE c AS 'bench_baseline', 'bench_empty_trigger';
CREATE TRIGGER empty AFTER INSERT OR UPDATE OR DELETE ON empty FOR EACH ROW EXECUTE FUNCTION empty_trigger();

CREATE TABLE rule (workflow integer, event text, field text, operator text, value text, PRIMARY KEY (event, workflow));
INSERT INTO rule SELECT w, e, CASE w % 2 WHEN 0 THEN 'status' ELSE 'score' END, CASE w % 2 WHEN 0 THEN '=' ELSE '>' END,
                        CASE w % 2 WHEN 0 THEN 'never ' || w ELSE (1000000000 + w)::text END
  FROM generate_series(0, 19) w, unnest('{INSERT,UPDATE}'::text[]) e;
ANALYZE rule;
CREATE TABLE queue (id bigint GENERATED ALWAYS AS IDENTITY, workflow integer, event text, contact bigint, row jsonb);

-- All rules in one statement: a loop over them is slower.
CREATE FUNCTION ruled_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  fields jsonb := to_jsonb(NEW);
BEGIN
  INSERT INTO queue (workflow, event, contact, row)
  SELECT r.workflow, r.event, NEW.id, fields FROM rule r
   WHERE r.event = TG_OP AND CASE r.operator WHEN '=' THEN fields ->> r.field = r.value
                                             WHEN '>' THEN (fields ->> r.field)::numeric > r.value::numeric END;
  RETURN NULL;
END $$;
CREATE TRIGGER ruled AFTER INSERT OR UPDATE ON ruled FOR EACH ROW EXECUTE FUNCTION ruled_trigger();

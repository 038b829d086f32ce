-- What stands beside the attached table: one without a trigger, and one whose PL/pgSQL trigger queues every row as jsonb.
CREATE TABLE plain (LIKE contacts INCLUDING ALL) WITH (autovacuum_enabled = off);
CREATE TABLE queued (LIKE contacts INCLUDING ALL) WITH (autovacuum_enabled = off);
ALTER TABLE contacts SET (autovacuum_enabled = off);

CREATE TABLE queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event text NOT NULL, row jsonb NOT NULL);
CREATE FUNCTION queue_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO queue (event, row) VALUES (TG_OP, to_jsonb(NEW));
  RETURN NULL;
END $$;
CREATE TRIGGER queued AFTER INSERT OR UPDATE ON queued FOR EACH ROW EXECUTE FUNCTION queue_trigger();

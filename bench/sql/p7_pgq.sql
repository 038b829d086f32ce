-- PgQ with one queue and one consumer. Settings are its defaults: a tick at 500 events.
CREATE EXTENSION pgq;
SELECT pgq.create_queue('events');
SELECT pgq.register_consumer('events', 'writer');
CREATE FUNCTION to_pgq() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pgq.insert_event('events', 'created', n.id::text) FROM added n;
  RETURN NULL;
END $$;
CREATE TRIGGER to_pgq AFTER INSERT ON contacts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION to_pgq();

PREPARE act (bigint) AS
  INSERT INTO peer.message (contact, recipient, subject, body)
  SELECT c.id, jsonb_build_object('address', c.email), 'Hello ' || c.name, 'You have ' || c.score || ' points.'
    FROM pgq.get_batch_events($1) e JOIN contacts c ON c.id = e.ev_data::bigint;

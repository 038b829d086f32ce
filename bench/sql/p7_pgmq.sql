-- Events go to the queue by a trigger, all of a statement at once.
CREATE FUNCTION to_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO queue (message) SELECT jsonb_build_object('contact', n.id) FROM added n;
  RETURN NULL;
END $$;
CREATE TRIGGER to_queue AFTER INSERT ON contacts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION to_queue();

PREPARE read AS
  WITH next AS (SELECT q.msg_id FROM queue q WHERE q.vt <= clock_timestamp() ORDER BY q.msg_id LIMIT 1000 FOR UPDATE SKIP LOCKED)
  UPDATE queue q SET vt = clock_timestamp() + interval '30 seconds', read_ct = q.read_ct + 1 FROM next n WHERE q.msg_id = n.msg_id RETURNING q.msg_id;

-- Both steps of the workflow and the end of the queue's row are one statement and one transaction.
PREPARE act (bigint[]) AS
  WITH gone AS (DELETE FROM queue q WHERE q.msg_id = ANY ($1) RETURNING (q.message->>'contact')::bigint AS contact),
  enrolled AS (INSERT INTO peer.enrollment (contact, state) SELECT g.contact, 'ended' FROM gone g)
  INSERT INTO peer.message (contact, recipient, subject, body)
  SELECT c.id, jsonb_build_object('address', c.email), 'Hello ' || c.name, 'You have ' || c.score || ' points.' FROM gone g JOIN contacts c ON c.id = g.contact;

-- A queue by pgmq's method: reading sets the time from which the row is visible again, and adds to its count; who is done deletes it.
CREATE TABLE queue (
  msg_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  read_ct      integer NOT NULL DEFAULT 0,
  enqueued_at  timestamptz NOT NULL DEFAULT now(),
  vt           timestamptz NOT NULL DEFAULT now(),
  message      jsonb
);
CREATE INDEX ON queue (vt);

-- What a workflow leaves behind where a job queue drives it: who is in it, and the messages.
CREATE SCHEMA peer;
CREATE TABLE peer.enrollment (contact bigint PRIMARY KEY, state text NOT NULL, entered_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE peer.message (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  contact     bigint NOT NULL,
  recipient   jsonb NOT NULL,
  subject     text,
  body        text,
  state       text NOT NULL DEFAULT 'ready',
  created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON peer.message (id) WHERE state = 'ready';

-- What a good application would have for sequences of mails: the state with its due time, an outbox that senders can claim from, a history.
CREATE SCHEMA hand;

CREATE TABLE hand.state (
  enrollment  bigint PRIMARY KEY,
  contact     bigint NOT NULL,
  step        integer NOT NULL,
  due         timestamptz NOT NULL
) WITH (fillfactor = 70);

-- Used by one of the two ways: due times beside the state, so that the update of the state has no index on what changes.
CREATE TABLE hand.timer (
  due         timestamptz NOT NULL,
  enrollment  bigint NOT NULL,
  PRIMARY KEY (due, enrollment)
);

CREATE TABLE hand.message (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account          text NOT NULL,
  contact_key      text NOT NULL,
  channel          text NOT NULL,
  kind             text NOT NULL,
  category         text NOT NULL,
  recipient        jsonb NOT NULL,
  subject          text,
  body             text,
  mark_as_read     boolean NOT NULL,
  workflow         text NOT NULL,
  version          integer NOT NULL,
  step             text NOT NULL,
  enrollment       bigint NOT NULL,
  idempotency_key  text NOT NULL,
  due_at           timestamptz NOT NULL,
  created_at       timestamptz NOT NULL,
  state            text NOT NULL DEFAULT 'ready',
  token            uuid,
  attempt          integer NOT NULL DEFAULT 0
);
CREATE INDEX ON hand.message (channel, due_at, id) WHERE state = 'ready';
CREATE INDEX ON hand.message (enrollment);

CREATE TABLE hand.history (
  enrollment  bigint NOT NULL,
  at          timestamptz NOT NULL,
  step        text NOT NULL,
  what        text NOT NULL,
  detail      text NOT NULL DEFAULT '',
  more        text[]                    -- step, what and detail of the next line of the same step, which so needs no row and no index entry of its own
);
CREATE INDEX ON hand.history (enrollment, at);

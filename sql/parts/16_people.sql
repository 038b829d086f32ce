-- Whom not to write to, what came back of messages, who may do what, and who did what.

-- Consent withdrawn, by address or by contact (semantics 22). Changed by callers, not by rounds.
CREATE TABLE workflow.suppression (
  account      text NOT NULL,             -- '': for every account
  contact_key  text NOT NULL DEFAULT '',
  address      text NOT NULL DEFAULT '',  -- in lower case
  channel      text NOT NULL DEFAULT '',  -- '': every channel
  scope        text NOT NULL CHECK (scope IN ('all', 'channel', 'marketing')),
    -- all: nothing goes out; channel: neither marketing nor informational; marketing: that alone is stopped
  reason       text NOT NULL,             -- bounce, complaint, block, unsubscribe, or what the caller wrote
  message      bigint,                    -- whose receipt said so
  at           timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account, contact_key, address, channel, scope),
  CHECK ((contact_key = '') <> (address = ''))
);
CREATE INDEX suppression_address ON workflow.suppression (address, account) WHERE address <> '';

-- What became of a message after it was sent. Insert-only, in children by the message's day.
CREATE TABLE workflow.receipt (
  message      bigint NOT NULL,
  kind         text NOT NULL,
  at           timestamptz NOT NULL,
  machine      boolean NOT NULL,          -- a scanner opened it, a rule replied: nobody's response
  receipt_id   text,                      -- the provider's
  data         jsonb NOT NULL
);
CREATE UNIQUE INDEX receipt_key ON workflow.receipt (message, kind, receipt_id);

-- Contacts that turned out to be one with another, so that who is forgotten is forgotten whole. What came by the old key later is somebody else's.
CREATE TABLE workflow.merged (
  account      text NOT NULL,
  contact_key  text NOT NULL,
  into_key     text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (account, into_key, contact_key)
);

-- Which role has which level, and for which account; NULL: for all.
CREATE TABLE workflow.access (
  role        name NOT NULL,
  level       text NOT NULL CHECK (level IN ('viewer', 'operator', 'author', 'sender', 'admin')),
  account     text,
  granted_by  name NOT NULL DEFAULT session_user,
  granted_at  timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (role, level, account)
);

-- Who did what. Append-only, in children by month.
CREATE TABLE workflow.audit_entry (
  at       timestamptz NOT NULL,
  who      name NOT NULL,                 -- who logged in
  role     name NOT NULL,                 -- as whom: SET ROLE counts
  action   text NOT NULL,
  account  text,
  object   text,                          -- the name or key of what it was done to
  detail   jsonb                          -- numbers and ids, no contents
);
CREATE INDEX audit_entry_at ON workflow.audit_entry (at);

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY '{suppression,receipt,merged,access,audit_entry}'::text[] LOOP
    PERFORM pg_extension_config_dump('workflow.' || t, '');
  END LOOP;
END $$;

-- A small CRM as its owner made it; nothing in it knows of workflows.
CREATE TABLE contacts (
  id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name      text NOT NULL,
  email     text,
  mobile    text,
  tz        text,
  labels    text[] NOT NULL DEFAULT '{}',
  stage     text NOT NULL DEFAULT 'lead',
  points    integer NOT NULL DEFAULT 0
);
CREATE TABLE orders (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  contact_id  integer NOT NULL REFERENCES contacts,
  product     text NOT NULL,
  total       numeric(12,2) NOT NULL,
  status      text NOT NULL DEFAULT 'new',
  paid_at     timestamptz
);

-- The contacts of a small CRM, the same for everybody.
CREATE TABLE contacts (
  id      bigint PRIMARY KEY,
  org     text NOT NULL,
  name    text NOT NULL,
  email   text,
  status  text NOT NULL,
  city    text,
  score   integer NOT NULL DEFAULT 0
);

-- The contacts of a small CRM, as wide as real ones are; the same table for everybody. The columns at the end are filled by their defaults.
CREATE TABLE contacts (
  id                bigint PRIMARY KEY,
  org               text NOT NULL,
  name              text NOT NULL,
  email             text,
  status            text NOT NULL,
  city              text,
  score             integer NOT NULL DEFAULT 0,
  phone             text DEFAULT '+62 812 3456 7890',
  country           text DEFAULT 'ID',
  language          text DEFAULT 'id',
  zone              text DEFAULT 'Asia/Jakarta',
  lead_source       text DEFAULT 'web form',
  owner_id          integer DEFAULT 7,
  blocked           boolean NOT NULL DEFAULT false,
  attributes        jsonb NOT NULL DEFAULT '{"plan": "pro", "seats": 5, "newsletter": true}',
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  last_activity_at  timestamptz
);

-- What both ways write: message and history. The text is put together, not rendered from a template.
written AS (
  INSERT INTO hand.message (account, contact_key, channel, kind, category, recipient, subject, body, mark_as_read, workflow, version, step, enrollment,
                            idempotency_key, due_at, created_at)
  SELECT '', c.id::text, 'email', 'message', 'marketing', jsonb_build_object('address', c.email, 'contact', c.id::text), {subject}, {body}, false,
         'sequence', 1, 's' || d.step, d.enrollment, md5('sequence' || chr(31) || c.id || chr(31) || d.step), {now}, {now}
    FROM due d JOIN contacts c ON c.id = d.contact),
told AS (
  INSERT INTO hand.history (enrollment, at, step, what, detail, more)
  SELECT d.enrollment, {now}, 's' || d.step, 'sent', '', ARRAY['w' || d.step + 1, 'waiting', 'until ' || {now} + interval '24 hours', NULL]
    FROM due d)
SELECT count(*) FROM due

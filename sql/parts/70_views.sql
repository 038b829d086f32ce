-- Views for looking; functions are for acting. (workflow.sources is beside attach.)

CREATE VIEW workflow.workflows AS
SELECT w.account, w.name, w.status, w.published, n.newest, w.owner, w.created_at, w.paused_at, w.suspended
  FROM workflow.workflow w
  LEFT JOIN LATERAL (SELECT max(v.number) AS newest FROM workflow.version v WHERE v.workflow = w.id) n ON true;
COMMENT ON VIEW workflow.workflows IS 'Every workflow: published is the number of the version by which contacts enter, newest that of the last one stored. suspended: why it has paused by itself.';

CREATE VIEW workflow.versions AS
SELECT w.account, w.name AS workflow, v.number,
       CASE WHEN v.number = w.published THEN 'published' WHEN v.published_at IS NULL THEN 'draft' ELSE 'replaced' END AS status,
       v.comment, v.owner, v.created_at, v.published_at, v.listened, v.definition
  FROM workflow.version v JOIN workflow.workflow w ON w.id = v.workflow;
COMMENT ON VIEW workflow.versions IS 'Every version of every workflow. listened: it is the published one, or somebody still lives on it.';

CREATE VIEW workflow.enrollments AS
SELECT workflow.enrollment_uuid(e.id) AS enrollment, e.account, e.contact_key, w.name AS workflow, v.number AS version, e.entry_key, e.entry_number,
       s.phase AS state, nullif(s.step, '') AS step, s.visit, s.due, s.attempts, nullif(s.reason, '') AS reason, e.event, e.event_name, e.event_at,
       e.entered_at, s.ended_at, e.data, s.memo::json->>'holdout' AS holdout
  FROM workflow.enrollment e
  LEFT JOIN workflow.state s ON s.enrollment = e.id
  LEFT JOIN workflow.version v ON v.id = coalesce(s.version, e.version)
  LEFT JOIN workflow.workflow w ON w.id = e.workflow;
COMMENT ON VIEW workflow.enrollments IS
'One contact inside one workflow, one row an entry. state: ready, waiting, window (a message waits for its send window), retry, ended; due: when it goes on; reason: why it ended; holdout: the path of a split that '
'made it a control group.';

CREATE VIEW workflow.waiting AS
SELECT e.enrollment, e.account, e.contact_key, e.workflow, e.version, e.state, e.step, e.due, e.attempts, e.entered_at
  FROM workflow.enrollments e WHERE e.state <> 'ended' AND (e.due IS NOT NULL OR e.state = 'waiting');
COMMENT ON VIEW workflow.waiting IS 'Who waits, at which step, until when; due is NULL where a wait has no end.';

CREATE VIEW workflow.outbox AS
SELECT m.id, coalesce(o.state, CASE WHEN l.token IS NULL THEN 'ready' ELSE 'leased' END) AS state,
       CASE WHEN o.state IS NULL THEN l.reason ELSE o.reason END AS reason, m.channel, m.kind, m.category, m.account, m.contact_key, m.recipient, m.sender,
       m.template, m.locale, m.subject, m.body, m.data, m.headers, m.mark_as_read, m.workflow, m.version, m.step,
       workflow.enrollment_uuid(m.enrollment) AS enrollment, m.idempotency_key, m.due_at, m.expires_at, m.created_at,
       coalesce(l.attempt, 0)::integer AS attempt,
       CASE WHEN o.state IS NULL AND l.token IS NOT NULL THEN l.visible_at END AS lease_until,
       CASE WHEN o.state IS NULL AND l.token IS NULL THEN coalesce(l.visible_at, m.due_at) END AS claimable_at, o.at AS outcome_at
  FROM workflow.message m
  LEFT JOIN (SELECT DISTINCT ON (n.message) n.message, n.seq, n.attempt, n.visible_at, n.token, n.reason
               FROM workflow.lease n ORDER BY n.message, n.seq DESC) l ON l.message = m.id
  LEFT JOIN workflow.outcome o ON o.message = m.id AND o.seq = coalesce(l.seq, 0);
COMMENT ON VIEW workflow.outbox IS
'Every message with its state: ready, leased, sent, cancelled, expired, failed (for good), dead (attempts used up), no_address, suppressed. reason: why it was not sent, or was not at the last attempt.';

CREATE VIEW workflow.refusals AS
SELECT f.at, f.reason, f.account, w.name AS workflow, f.version, f.event, f.event_name, f.contact_key, f.entry_key, s.name AS source, f.row_key,
       f.detail, NULL::timestamptz AS retry_at
  FROM workflow.refusal f LEFT JOIN workflow.workflow w ON w.id = f.workflow LEFT JOIN workflow.source s ON s.id = f.source
UNION ALL
SELECT p.parked_at, p.reason, p.event->>'account', NULL, NULL, nullif(p.event->>'event', '')::uuid, nullif(p.event->>'name', ''), NULL, NULL, s.name,
       p.row_key, nullif(array_to_string(p.lookup, ', '), ''), p.retry_at
  FROM workflow.parked p LEFT JOIN workflow.source s ON s.id = p.source;
COMMENT ON VIEW workflow.refusals IS
'Events that did not enroll, each with its reason; those with retry_at are tried again then, or when a contact comes that detail names.';

CREATE VIEW workflow.errors AS
SELECT x.at, workflow.enrollment_uuid(x.enrollment) AS enrollment, e.account, e.contact_key, w.name AS workflow, v.number AS version, x.step,
       x.event_id, x.sqlstate, x.message, x.detail,
       coalesce(x.input::jsonb, CASE WHEN e.id IS NOT NULL THEN jsonb_build_object('event', e.event_name, 'event_id', e.event, 'at', e.event_at,
         'entry_key', e.entry_key, 'row', e.entry_row, 'data', e.data) END) AS input
  FROM workflow.error x
  LEFT JOIN workflow.enrollment e ON e.id = x.enrollment
  LEFT JOIN workflow.workflow w ON w.id = e.workflow LEFT JOIN workflow.version v ON v.id = e.version;
COMMENT ON VIEW workflow.errors IS
'What failed: a step of an enrollment, or an event of the log. input: with what; of a step the event that enrolled (event, event_id, at, row), its entry_key and data; of an event the event itself.';

CREATE VIEW workflow.history AS
SELECT t.at, workflow.enrollment_uuid(t.enrollment) AS enrollment, e.account, e.contact_key, w.name AS workflow, v.number AS version,
       nullif(t.step, '') AS step, t.what, t.detail, t.id, t.seen
  FROM workflow.trace_line t
  LEFT JOIN workflow.enrollment e ON e.id = t.enrollment
  LEFT JOIN workflow.workflow w ON w.id = e.workflow LEFT JOIN workflow.version v ON v.id = e.version;
COMMENT ON VIEW workflow.history IS 'What happened to each enrollment, step by step, and why; id is the order in which it happened; seen: the rules that decided it, with the values they saw.';

CREATE FUNCTION workflow.unknown_zones() RETURNS bigint
LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_unknown_zones';
COMMENT ON FUNCTION workflow.unknown_zones() IS
'How many contacts have no zone that the server knows, by the rules of their binding; reads the tables as who attached them. 0 where a binding names no zone.';

CREATE VIEW workflow.status AS
SELECT x.extversion AS version, workflow.halted() AS halted, workflow.is_copy() AS is_copy, workflow.virtual_now() AS virtual_now,
       r.at AS last_round_at, workflow.unread_events() AS unread_events,
       s.live, s.waiting, t.overdue, h.held, p.parked, f.faults, d.outbox, workflow.unknown_zones() AS unknown_zones, u.suspended
  FROM pg_extension x
  LEFT JOIN LATERAL (SELECT n.at FROM workflow.round n ORDER BY n.id DESC LIMIT 1) r ON true
  CROSS JOIN LATERAL (SELECT count(*) AS live, count(*) FILTER (WHERE c.due IS NOT NULL) AS waiting FROM workflow.state c WHERE c.phase <> 'ended') s
  CROSS JOIN LATERAL (SELECT count(*) AS overdue FROM workflow.timer c JOIN workflow.state o ON o.enrollment = c.enrollment AND o.timer = c.number
                       WHERE c.due <= (SELECT workflow.now_at()) AND o.phase <> 'ended') t
  CROSS JOIN LATERAL (SELECT count(*) AS held FROM workflow.held) h
  CROSS JOIN LATERAL (SELECT count(*) AS parked FROM workflow.parked) p
  CROSS JOIN LATERAL (SELECT count(*) AS faults FROM workflow.fault) f
  CROSS JOIN LATERAL (SELECT count(*) AS suspended FROM workflow.workflow w WHERE w.suspended IS NOT NULL) u
  CROSS JOIN LATERAL (SELECT coalesce(jsonb_object_agg(c.state, c.count), '{}') AS outbox
                        FROM (SELECT o.state, count(*) FROM workflow.outbox o GROUP BY o.state) c) d
 WHERE x.extname = 'pg_workflow';
COMMENT ON VIEW workflow.status IS
'How it stands, one row: halted (by halt() or as a copy), the last round, events not read yet, enrollments live and waiting, timers overdue (the worker is '
'behind or down), timers set aside by a pause, events without a contact, faults of capture, messages by state. It counts: two or three seconds for a million messages that are kept. '
'unknown_zones: contacts whose zone is empty or unknown, so that the account''s or UTC is taken. suspended: workflows that failures have paused.';

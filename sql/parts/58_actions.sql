-- What people and administrators do about actions: answers to approvals, tasks done, secrets of webhooks.

CREATE VIEW workflow.tasks AS
SELECT t.id, t.kind, CASE WHEN t.state = 'open' AND t.kind = 'approval' AND (s.phase IS DISTINCT FROM 'approval' OR s.step <> t.step OR s.visit <> t.visit)
                          THEN 'cancelled' ELSE t.state END AS state,
       t.title, t.body, t.assignee, t.role, t.due_at, t.account, t.contact_key, w.name AS workflow, v.number AS version, t.step,
       workflow.enrollment_uuid(t.enrollment) AS enrollment, t.created_at, t.closed_at, t.closed_by, t.comment
  FROM workflow.task t LEFT JOIN workflow.state s ON s.enrollment = t.enrollment
  LEFT JOIN workflow.workflow w ON w.id = t.workflow LEFT JOIN workflow.version v ON v.id = t.version;
COMMENT ON VIEW workflow.tasks IS
'What task steps (without an attached table of tasks) and approve steps want people to do. kind: task, approval. state: open, done, approved, rejected, '
'timed_out, cancelled (an approval whose enrollment waits no more).';

CREATE VIEW workflow.subscriptions AS
SELECT s.account, s.contact_key, nullif(s.campaign, '') AS campaign, nullif(s.channel, '') AS channel, s.subscribed, s.at, w.name AS workflow
  FROM workflow.subscription s LEFT JOIN workflow.workflow w ON w.id = s.workflow;
COMMENT ON VIEW workflow.subscriptions IS
'What subscribe and unsubscribe steps have recorded. campaign NULL: all mail; channel NULL: every channel.';

CREATE FUNCTION workflow.answer_task(task bigint, kind text, outcome text, comment text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t workflow.task;
  present text;
  id uuid := gen_random_uuid();
BEGIN
  PERFORM workflow.require_argument('task', answer_task.task IS NOT NULL);
  SELECT o.* INTO t FROM workflow.task o WHERE o.id = answer_task.task AND workflow.may_reach(o.account);
  present := (SELECT o.state FROM workflow.tasks o WHERE o.id = answer_task.task);
  IF t.id IS NULL THEN
    RAISE EXCEPTION 'there is no task %', answer_task.task USING ERRCODE = 'WF007', HINT = 'The view workflow.tasks lists those there are.';
  END IF;
  IF t.kind <> answer_task.kind THEN
    RAISE EXCEPTION 'task % is no %', t.id, answer_task.kind USING ERRCODE = 'WF007',
      HINT = CASE t.kind WHEN 'task' THEN 'workflow.complete_task() closes a task.' ELSE 'workflow.approve() and workflow.reject() answer an approval.' END;
  END IF;
  IF present <> 'open' THEN
    RAISE EXCEPTION 'task % is not open but %', t.id, present USING ERRCODE = 'WF007';
  END IF;
  PERFORM workflow.append_event('a', outcome, t.contact_key, t.account, id, now(), false,
                                jsonb_build_object('task', t.id, 'comment', answer_task.comment, 'by', session_user));
  PERFORM workflow.note_audit('answer_task', t.account, t.contact_key, jsonb_build_object('task', t.id, 'outcome', outcome));
  RETURN id;
END $$;
COMMENT ON FUNCTION workflow.answer_task(bigint, text, text, text) IS 'Appends the answer to an open task of this kind; the next round takes it. Raises WF007, 22004.';

CREATE FUNCTION workflow.approve(task bigint, comment text = NULL) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT workflow.answer_task(task, 'approval', 'approved', comment) $$;
COMMENT ON FUNCTION workflow.approve(bigint, text) IS
'Approves what an approve step waits for: the enrollment goes on with its steps "approved" in the next round. The first answer counts. Returns the event''s id. '
'comment: step.<id>.comment of conditions and texts. Raises WF007 where the task is not there, no approval, or not open; 22004.';

CREATE FUNCTION workflow.reject(task bigint, comment text = NULL) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT workflow.answer_task(task, 'approval', 'rejected', comment) $$;
COMMENT ON FUNCTION workflow.reject(bigint, text) IS
'Rejects what an approve step waits for: the enrollment goes on with its steps "rejected". As approve(). Raises WF007, 22004.';

CREATE FUNCTION workflow.complete_task(task bigint, comment text = NULL) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT workflow.answer_task(task, 'task', 'done', comment) $$;
COMMENT ON FUNCTION workflow.complete_task(bigint, text) IS 'Closes a task of the view workflow.tasks in the next round. Returns the event''s id. Raises WF007, 22004.';

CREATE FUNCTION workflow.set_webhook_secret(secret text, workflow text = NULL, account text = NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  w workflow.workflow;
  own text := coalesce(set_webhook_secret.account, '');
BEGIN
  IF set_webhook_secret.workflow IS NOT NULL THEN
    w := workflow.find_workflow(set_webhook_secret.workflow, set_webhook_secret.account, false);
    own := coalesce(set_webhook_secret.account, w.account);
  END IF;
  IF set_webhook_secret.secret IS NULL THEN
    DELETE FROM workflow.webhook_secret s WHERE s.account = own AND s.workflow = coalesce(w.id, 0);
    PERFORM workflow.note_audit('set_webhook_secret', own, w.name, jsonb_build_object('removed', true));
    RETURN;
  END IF;
  IF set_webhook_secret.secret !~ '^whsec_[A-Za-z0-9+/]{32,}={0,2}$' OR length(set_webhook_secret.secret) % 4 <> 2 THEN
    RAISE EXCEPTION 'the secret is no key of a webhook' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'It is whsec_ and 24 to 64 random bytes in base64, like ''whsec_'' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), ''base64'').';
  END IF;
  INSERT INTO workflow.webhook_secret AS s (account, workflow, secret) VALUES (own, coalesce(w.id, 0), set_webhook_secret.secret)
  ON CONFLICT (account, workflow) DO UPDATE SET secret = excluded.secret, set_at = now(), set_by = session_user;
  PERFORM workflow.note_audit('set_webhook_secret', own, w.name, jsonb_build_object('removed', false));
END $$;
COMMENT ON FUNCTION workflow.set_webhook_secret(text, text, text) IS
'The key by which requests of webhook steps are signed (Standard Webhooks): whsec_ and 24 to 64 bytes in base64; NULL removes it. workflow: of that one only, '
'before the account''s. account: of that account, before everybody''s. Shown by no view; pg_dump contains it. Raises 22023, WF002, WF003.';

CREATE FUNCTION workflow.hmac_sha256(key bytea, data bytea) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_hmac_sha256';
COMMENT ON FUNCTION workflow.hmac_sha256(bytea, bytea) IS 'HMAC-SHA-256 of data by key: 32 bytes.';

-- The nearest secret signs: of the workflow in the account, of the workflow, of the account, of everybody.
CREATE FUNCTION workflow.signed_headers(headers jsonb, body text, account text, workflow_id integer, at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN headers ? 'webhook-id' THEN
    (headers - 'webhook-signature') || jsonb_build_object('webhook-timestamp', stamp.s)
    || coalesce((SELECT jsonb_build_object('webhook-signature', 'v1,' || encode(workflow.hmac_sha256(decode(substr(k.secret, 7), 'base64'),
                                             convert_to((headers->>'webhook-id') || '.' || stamp.s || '.' || coalesce(body, ''), 'UTF8')), 'base64'))
                   FROM workflow.webhook_secret k
                  WHERE k.account IN ('', signed_headers.account) AND k.workflow IN (0, signed_headers.workflow_id)
                  ORDER BY k.workflow = 0, k.account = '' LIMIT 1), '{}')
    ELSE headers END
  FROM (SELECT floor(extract(epoch FROM at))::bigint::text) stamp(s)
$$;
COMMENT ON FUNCTION workflow.signed_headers(jsonb, text, text, integer, timestamptz) IS
'The headers of a request with the time and, where there is a secret, the signature of Standard Webhooks; other headers as they are.';

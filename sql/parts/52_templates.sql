-- Templates of messages, and what an account has of its own.

CREATE FUNCTION workflow.render_at(template text, data jsonb, at timestamptz) RETURNS text
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_render';
COMMENT ON FUNCTION workflow.render_at(text, jsonb, timestamptz) IS 'workflow.render() with the time that "now" means.';

CREATE FUNCTION workflow.render(template text, data jsonb) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT workflow.render_at(template, data, coalesce(workflow.virtual_now(), now()))
$$;
COMMENT ON FUNCTION workflow.render(text, jsonb) IS
'Renders a Liquid template with an object of data, as a message would be: a missing value is empty. Dates without a zone of their own are in the session''s '
'TimeZone; now is the transaction''s start, or the virtual clock''s. Partials are those of the channel partial, for every account, without a locale. Raises WF009 with every error of the template, 22023 where data is no object.';

CREATE FUNCTION workflow.check_template(subject text, body text, data jsonb, name text = NULL, channel text = NULL) RETURNS void
LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_check_template';
COMMENT ON FUNCTION workflow.check_template(text, text, jsonb, text, text) IS
'Raises WF009 with all errors of a template''s texts, one a line of the detail: which text, which line, a sentence. Each argument may be NULL. '
'name: of the template they are for, which must not render itself by way of others.';

CREATE FUNCTION workflow.put_template(name text, channel text, subject text, body text, locale text = NULL, data jsonb = NULL, account text = NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  own text := coalesce(workflow.own_account(put_template.account), '');
  stored integer;
BEGIN
  PERFORM workflow.require_argument('name', coalesce(put_template.name, '') ~ '\S');
  PERFORM workflow.require_argument('channel', coalesce(put_template.channel, '') ~ '\S');
  IF put_template.name ~ '@' THEN
    RAISE EXCEPTION 'the name of a template has no "@"' USING ERRCODE = 'invalid_parameter_value', HINT = '"welcome@3" is the third version of "welcome".';
  END IF;
  IF put_template.body IS NULL AND put_template.data IS NULL AND put_template.subject IS NULL THEN
    RAISE EXCEPTION 'a template needs a subject, a body or data' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  PERFORM workflow.check_template(put_template.subject, put_template.body, put_template.data, put_template.name, put_template.channel);
  IF put_template.channel = 'partial' AND put_template.body IS NULL THEN
    RAISE EXCEPTION 'a template of the channel "partial" needs a body' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  -- Somebody else may take the number between reading and writing.
  WHILE stored IS NULL LOOP
    INSERT INTO workflow.template AS t (account, name, channel, locale, version, subject, body, data, created_by)
    SELECT own, put_template.name, put_template.channel, coalesce(put_template.locale, ''),
           coalesce(max(o.version), 0) + 1, put_template.subject, put_template.body, put_template.data, session_user
      FROM workflow.template o
     WHERE o.account = own AND o.name = put_template.name AND o.channel = put_template.channel
       AND o.locale = coalesce(put_template.locale, '')
    ON CONFLICT (account, name, channel, locale, version) DO NOTHING RETURNING t.version INTO stored;
  END LOOP;
  PERFORM workflow.note_audit('put_template', own, put_template.name,
                              jsonb_build_object('channel', put_template.channel, 'locale', put_template.locale, 'version', stored));
  RETURN stored;
END $$;
COMMENT ON FUNCTION workflow.put_template(text, text, text, text, text, jsonb, text) IS
'Stores the texts of a message as a new version of the template of this name, channel, locale and account, and returns its number, from 1. Workflows use the '
'newest one at once, except where they name a version. locale: NULL for everybody without one of their own. data: parameters for the channel''s provider; every '
'string in it is a template. channel partial: a body that others {% render %}. account: NULL for all. Raises WF009 with every error of the texts; then nothing is stored.';

CREATE VIEW workflow.templates AS
SELECT t.account, t.name, t.channel, nullif(t.locale, '') AS locale, t.version,
       t.version = max(t.version) OVER (PARTITION BY t.account, t.name, t.channel, t.locale) AS live, t.subject, t.body, t.data, t.created_by, t.created_at
  FROM workflow.template t;
COMMENT ON VIEW workflow.templates IS
'Every version of every template. account '''': of all accounts; locale NULL: for everybody without one of their own; live: what workflows use that name no version.';

CREATE FUNCTION workflow.set_account(account text, settings jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  wrong text;
  known text[] := '{data,sender,timezone}';
BEGIN
  PERFORM workflow.require_argument('account', set_account.account IS NOT NULL);
  PERFORM workflow.require_argument('settings', set_account.settings IS NOT NULL);
  IF jsonb_typeof(settings) <> 'object' THEN
    RAISE EXCEPTION 'the settings of an account must be an object, not %', jsonb_typeof(settings)
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"timezone": "Asia/Jakarta"}.';
  END IF;
  SELECT k INTO wrong FROM jsonb_object_keys(settings) k WHERE k <> ALL (known) ORDER BY k LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'an account has no setting "%"', wrong USING ERRCODE = 'invalid_parameter_value',
      HINT = coalesce(format('Did you mean "%s"?', workflow.nearest(wrong, known)), format('There are: %s.', array_to_string(known, ', ')));
  END IF;
  IF jsonb_typeof(settings->'timezone') NOT IN ('string', 'null') OR (settings->>'timezone' <> '' AND NOT workflow.is_zone(settings->>'timezone')) THEN
    RAISE EXCEPTION 'there is no time zone "%"', settings->>'timezone'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The view pg_timezone_names lists them.';
  END IF;
  IF jsonb_typeof(settings->'sender') NOT IN ('object', 'null') THEN
    RAISE EXCEPTION 'the sender must be an object, not %', jsonb_typeof(settings->'sender')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"name": "Acme", "email": "hello@acme.test"}.';
  END IF;
  SELECT k.key INTO wrong FROM jsonb_each(CASE jsonb_typeof(settings->'sender') WHEN 'object' THEN settings->'sender' ELSE '{}' END) k
   WHERE jsonb_typeof(k.value) NOT IN ('string', 'object')
      OR EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(k.value) WHEN 'object' THEN k.value ELSE '{}' END) m WHERE jsonb_typeof(m.value) <> 'string') ORDER BY k.key LIMIT 1;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'the sender''s "%" must be a text, or an object of texts for the channel of that name', wrong
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"name": "Acme", "sms": {"phone": "+4912345"}}.';
  END IF;
  IF jsonb_typeof(settings->'data') NOT IN ('object', 'null') THEN
    RAISE EXCEPTION 'the data must be an object, not %', jsonb_typeof(settings->'data')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"plan": "pro"}.';
  END IF;
  INSERT INTO workflow.account (account, settings) VALUES (set_account.account, set_account.settings)
  ON CONFLICT (account) DO UPDATE SET settings = excluded.settings;
  PERFORM workflow.note_audit('set_account', set_account.account);
END $$;
COMMENT ON FUNCTION workflow.set_account(text, jsonb) IS
'Sets what an account has of its own; what is left out, it has no more. timezone: for contacts without a known one. sender: an object, for workflows that name '
'none; a member that is an object is for the channel of its name. data: an object of the CRM''s own, account.data of conditions and texts. The account '''' stands for all that have no settings. Raises 22023 for an unknown key or zone.';

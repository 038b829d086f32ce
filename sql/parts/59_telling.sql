-- Definitions told to people, and texts as a contact would see them. Nothing here changes anything.

CREATE FUNCTION workflow.describe_definition(definition jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_describe_definition';
COMMENT ON FUNCTION workflow.describe_definition(jsonb) IS 'A definition in sentences, whether it may be published or not.';

CREATE FUNCTION workflow.diff_definitions(old jsonb, new jsonb) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_diff_definitions';
COMMENT ON FUNCTION workflow.diff_definitions(jsonb, jsonb) IS 'What differs between two definitions, a line each; empty where they say the same.';

CREATE FUNCTION workflow.draw_definition(definition jsonb, format text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_draw_definition';
COMMENT ON FUNCTION workflow.draw_definition(jsonb, text) IS 'A definition as a diagram. format: mermaid or dot. Raises 22023 for another.';

CREATE FUNCTION workflow.normal_definition(definition jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_normal_definition';
COMMENT ON FUNCTION workflow.normal_definition(jsonb) IS 'A definition with the ids that publishing gives to steps without one: the same program.';

CREATE FUNCTION workflow.find_version(name text, number integer, account text) RETURNS workflow.version
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  w workflow.workflow := workflow.find_workflow(find_version.name, find_version.account, false);
  found workflow.version;
BEGIN
  SELECT v.* INTO found FROM workflow.version v
   WHERE v.workflow = w.id AND (find_version.number IS NULL OR v.number = find_version.number)
   ORDER BY (v.number = w.published) DESC NULLS LAST, v.number DESC LIMIT 1;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'workflow "%" has no version %', w.name, find_version.number USING ERRCODE = 'WF002',
      HINT = format('Its newest version is %s.', (SELECT max(v.number) FROM workflow.version v WHERE v.workflow = w.id));
  END IF;
  RETURN found;
END $$;
COMMENT ON FUNCTION workflow.find_version(text, integer, text) IS
'The version of this number; without a number the published one, else the newest. Raises WF002 where there is none, WF003 where several accounts have the name.';

CREATE FUNCTION workflow.definition(name text, version integer = NULL, account text = NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN workflow.normal_definition((workflow.find_version(definition.name, definition.version, definition.account)).definition);
END $$;
COMMENT ON FUNCTION workflow.definition(text, integer, text) IS
'The definition of a version, every step with its id: published again it is the same program. version: NULL for the published one, else the newest. '
'Raises WF002, WF003.';

CREATE FUNCTION workflow.describe(name text, version integer = NULL, account text = NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v workflow.version := workflow.find_version(describe.name, describe.version, describe.account);
BEGIN
  RETURN format(E'Workflow "%s", version %s\n\n', describe.name, v.number) || workflow.describe_definition(v.definition);
END $$;
COMMENT ON FUNCTION workflow.describe(text, integer, text) IS
'A workflow told in sentences: who enters, the settings that are not the defaults, every step, branches indented. version: NULL for the published one, '
'else the newest. Raises WF002, WF003.';

CREATE FUNCTION workflow.diff(name text, from_version integer, to_version integer, account text = NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_argument('from_version', diff.from_version IS NOT NULL);
  PERFORM workflow.require_argument('to_version', diff.to_version IS NOT NULL);
  RETURN coalesce(nullif(workflow.diff_definitions((workflow.find_version(diff.name, diff.from_version, diff.account)).definition,
                                                   (workflow.find_version(diff.name, diff.to_version, diff.account)).definition), ''),
                  E'the versions say the same\n');
END $$;
COMMENT ON FUNCTION workflow.diff(text, integer, integer, text) IS
'What was changed from one version to another, a line each: triggers, goals, settings, and steps by their ids: removed, added, moved, changed with the key, '
'the old and the new value. Raises WF002, WF003, 22004.';

CREATE FUNCTION workflow.diagram(name text, format text = 'mermaid', version integer = NULL, account text = NULL) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_argument('format', diagram.format IS NOT NULL);
  RETURN workflow.draw_definition((workflow.find_version(diagram.name, diagram.version, diagram.account)).definition, diagram.format);
END $$;
COMMENT ON FUNCTION workflow.diagram(text, text, integer, text) IS
'A workflow as a flowchart. format: mermaid, or dot (Graphviz). version: NULL for the published one, else the newest. Raises WF002, WF003, 22023, 22004.';

CREATE FUNCTION workflow.preview_for(template text, contact text, data jsonb, channel text, account text, OUT subject text, OUT body text)
LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_preview';
COMMENT ON FUNCTION workflow.preview_for(text, text, jsonb, text, text) IS 'workflow.preview() with arguments that are not NULL, but for channel and account.';

CREATE FUNCTION workflow.preview(template text, contact text, data jsonb = '{}', channel text = NULL, account text = NULL, OUT subject text, OUT body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM workflow.require_argument('template', coalesce(preview.template, '') <> '');
  PERFORM workflow.require_argument('contact', preview.contact IS NOT NULL);
  SELECT p.subject, p.body INTO subject, body
    FROM workflow.preview_for(preview.template, preview.contact, coalesce(preview.data, '{}'), preview.channel, preview.account) p;
END $$;
COMMENT ON FUNCTION workflow.preview(text, text, jsonb, text, text) IS
'A stored template (welcome, or welcome@3) as a message to this contact would have it: by the same choice of account, locale and version, with the same '
'partials and escaping, in the contact''s zone. data: an object with what a workflow would know besides the contact: order, event. channel: NULL where the '
'template has but one. Raises WF002 where there is no such text, WF006 where no contacts are attached, WF008 for an unknown contact, WF009 where the text cannot '
'be rendered, 22023, 22004.';

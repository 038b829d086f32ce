-- The triggers that workflow.attach() puts on tables of the CRM. They have no SET clause: it would cost more than the rest of them, and they look
-- up nothing by name, so that any search_path, an empty one too, is the same to them.

CREATE FUNCTION workflow.capture() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME', 'wf_capture';
COMMENT ON FUNCTION workflow.capture() IS 'Trigger function, AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW; its argument is the source''s name. Notes the change where a workflow wants to know it; before commit what is left is appended to the event log. Raises nothing of its own when rows are written; 39P01 when called otherwise.';
REVOKE ALL ON FUNCTION workflow.capture() FROM PUBLIC;

CREATE FUNCTION workflow.capture_truncate() RETURNS trigger LANGUAGE C AS 'MODULE_PATHNAME', 'wf_capture_truncate';
COMMENT ON FUNCTION workflow.capture_truncate() IS 'Trigger function, AFTER TRUNCATE FOR EACH STATEMENT; its argument is the source''s name. Appends one event: the source was truncated. 39P01 when called otherwise.';
REVOKE ALL ON FUNCTION workflow.capture_truncate() FROM PUBLIC;

-- Conditions asked by hand: about a record, as a WHERE expression, over all rows of a table. What the server decides in them has the rights of the
-- session's user, not those of these functions.

CREATE FUNCTION workflow.matches(filter jsonb, record jsonb) RETURNS boolean
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_matches';
COMMENT ON FUNCTION workflow.matches(jsonb, jsonb) IS
'Whether a filter is true for a record; NULL where it is neither true nor false. record: {"contact": {...}, "order": {...}, "old": {...}, "event": {...}}, or flat, '
'by dotted names. Fields of attached entities have the types of their columns, others that of the value. Days begin in the zone of the account ''''. '
'Raises WF001 with every error of the filter, 22023 where a value of the record is none of its column''s type.';

CREATE FUNCTION workflow.explain_filter(filter jsonb, record jsonb, OUT path text, OUT rule jsonb, OUT value jsonb, OUT outcome text) RETURNS SETOF record
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_explain_filter';
COMMENT ON FUNCTION workflow.explain_filter(jsonb, jsonb) IS
'Each rule of a filter, asked about a record as matches() would: its place (a JSON Pointer), the rule, the value it saw (null: none), its outcome (true, false, '
'null). Muted rules are not among them. Raises as matches().';

CREATE FUNCTION workflow.filter_to_sql(filter jsonb, source regclass) RETURNS text
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_filter_to_sql';
COMMENT ON FUNCTION workflow.filter_to_sql(jsonb, regclass) IS
'A filter as an expression for WHERE over an attached table, with the same three-valued meaning. Columns stand without the table''s name. Fields of the contact '
'become subqueries where the way to it is a plain column. Raises WF001 with every error of the filter and with what cannot be said in SQL, WF006 where the table is '
'not attached.';

CREATE FUNCTION workflow.matching_rows(filter jsonb, source regclass) RETURNS SETOF text
LANGUAGE c STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_matching_rows';
COMMENT ON FUNCTION workflow.matching_rows(jsonb, regclass) IS
'The keys of the rows of an attached table for which a filter is true, by the evaluator that rounds use; the session''s user reads all rows. Raises WF001 with every '
'error of the filter, WF006 where the table is not attached, 0A000 where the filter names what the row does not tell.';

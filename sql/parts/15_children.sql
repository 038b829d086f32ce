-- Tables by day and by month. They are made on first use, outside the extension's membership, so that pg_dump treats them like any table; making one
-- takes no lock on the parent that readers or writers would notice, dropping one takes none at all.

CREATE FUNCTION workflow.make_child(parent name, child name, key_column name, low text, high text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET client_min_messages = warning AS $$
DECLARE
  options text := (SELECT ' WITH (' || array_to_string(c.reloptions, ', ') || ')' FROM pg_class c
                    WHERE c.relnamespace = 'workflow'::regnamespace AND c.relname = parent);
BEGIN
  IF to_regclass(format('workflow.%I', child)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE workflow.%I (LIKE workflow.%I INCLUDING INDEXES, CHECK (%I >= %L AND %I < %L)) INHERITS (workflow.%I)', child, parent,
                 key_column, low, key_column, high, parent) || coalesce(options, '');
  EXECUTE format('REVOKE ALL ON workflow.%I FROM PUBLIC', child);
  RETURN true;
END $$;
COMMENT ON FUNCTION workflow.make_child(name, name, name, text, text) IS
'Makes the child of a table of ours that holds low <= key_column < high, with the parent''s indexes and storage options; false where it is there already.';

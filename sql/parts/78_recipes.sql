-- Recipes: workflows that others have thought out, to begin with. The files of recipes/ are put into the table when the extension is made or updated, so a
-- dump does not hold them and a later version brings its own.

CREATE TABLE workflow.recipe (
  name      text PRIMARY KEY,
  document  jsonb NOT NULL
);

CREATE FUNCTION workflow.fill_recipe(recipe jsonb, params jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'workflow_fill_recipe';
COMMENT ON FUNCTION workflow.fill_recipe(jsonb, jsonb) IS
'The definition of a recipe''s document with its parameters put in. Raises 22023 for a parameter that is missing, unknown, or of a kind that does not fit its place.';

CREATE VIEW workflow.recipes AS
SELECT r.name, r.document->>'title' AS title, r.document->>'level' AS level, r.document->>'description' AS description,
       ARRAY(SELECT jsonb_array_elements_text(r.document->'extensions')) AS extensions, r.document->'params' AS params,
       ARRAY(SELECT jsonb_array_elements_text(r.document->'needs')) AS needs, r.document->'definition' AS definition
  FROM workflow.recipe r;
COMMENT ON VIEW workflow.recipes IS
'Workflows to begin with: level (beginner, intermediate, advanced), what each does, how it may be extended, its parameters with their defaults, and the fields beyond '
'name and email that the CRM''s tables must have (needs).';

CREATE FUNCTION workflow.create_from_recipe(recipe text, name text, params jsonb = '{}', account text = NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  document jsonb;
  created integer;
BEGIN
  PERFORM workflow.require_argument('recipe', coalesce(create_from_recipe.recipe, '') <> '');
  SELECT r.document INTO document FROM workflow.recipe r WHERE r.name = create_from_recipe.recipe;
  IF document IS NULL THEN
    RAISE EXCEPTION 'there is no recipe "%"', create_from_recipe.recipe USING ERRCODE = 'WF002',
      HINT = coalesce(format('Did you mean "%s"?', workflow.nearest(create_from_recipe.recipe, (SELECT array_agg(r.name ORDER BY r.name) FROM workflow.recipe r))),
                      'The view workflow.recipes lists them.');
  END IF;
  created := workflow.create_workflow(create_from_recipe.name, workflow.fill_recipe(document, coalesce(create_from_recipe.params, '{}')), create_from_recipe.account);
  PERFORM workflow.note_audit('create_from_recipe', workflow.own_account(create_from_recipe.account), create_from_recipe.name,
                              jsonb_build_object('recipe', create_from_recipe.recipe));
  RETURN created;
END $$;
COMMENT ON FUNCTION workflow.create_from_recipe(text, text, jsonb, text) IS
'Makes a new workflow of a recipe, as a draft, and returns the version''s number, 1: read it with describe(), change it with save_draft(), try it with simulate(), then publish(). '
'params: an object; workflow.recipes.params says which there are, and their defaults. Raises WF002 for an unknown recipe, WF001 where the attached tables lack what it needs, WF007 where the '
'name is taken, 22023 for wrong parameters, 22004.';

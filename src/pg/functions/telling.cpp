// A definition told to people: workflow.describe_definition(), diff_definitions(), draw_definition(), normal_definition().
#include "core/definition/automated.h"
#include "core/definition/recipe.h"
#include "core/telling/telling.h"
#include "pg/convert.h"
#include "pg/functions/problems.h"

namespace workflow::pg {
namespace {

Json DefinitionOf(Datum definition) {
  auto json = JsonOfJsonb(definition);
  if (!json) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the definition is nested too deeply"};
  return std::move(*json);
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(workflow_describe_definition) {
  using namespace workflow::pg;
  return TextDatum(workflow::DescribeDefinition(DefinitionOf(PG_GETARG_DATUM(0))));
}

WF_FUNCTION(workflow_diff_definitions) {
  using namespace workflow::pg;
  return TextDatum(workflow::DiffDefinitions(DefinitionOf(PG_GETARG_DATUM(0)), DefinitionOf(PG_GETARG_DATUM(1))));
}

WF_FUNCTION(workflow_draw_definition) {
  using namespace workflow;
  using namespace workflow::pg;
  const std::string name = TextOf(PG_GETARG_DATUM(1));
  const auto format = FindDiagramFormat(name);
  if (!format) {
    const std::string hint = NearestHint(name, {"mermaid", "dot"});
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "there is no format \"" + name + "\"", {}, hint.empty() ? "There are \"mermaid\" and \"dot\"." : hint};
  }
  return TextDatum(DrawDefinition(DefinitionOf(PG_GETARG_DATUM(0)), *format));
}

WF_FUNCTION(workflow_normal_definition) {
  using namespace workflow::pg;
  return JsonbOf(workflow::NormalDefinition(DefinitionOf(PG_GETARG_DATUM(0))));
}

// (recipe jsonb, params jsonb) -> jsonb
WF_FUNCTION(workflow_fill_recipe) {
  using namespace workflow;
  using namespace workflow::pg;
  Problems problems;
  const auto filled = FillRecipe(DefinitionOf(PG_GETARG_DATUM(0)), DefinitionOf(PG_GETARG_DATUM(1)), &problems);
  if (!filled) {
    const Problem& first = problems.list().front();
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, first.message, {}, first.hint};
  }
  return JsonbOf(*filled);
}

// (definition jsonb) -> jsonb: written out, every step with its id
WF_FUNCTION(workflow_long_definition) {
  using namespace workflow;
  using namespace workflow::pg;
  const Json definition = DefinitionOf(PG_GETARG_DATUM(0));
  return JsonbOf(NormalDefinition(AutomatedActionOf(definition) == nullptr ? definition : LongFormOf(definition).definition));
}

// A recipe: a definition with places for parameters, and what a person who chooses one wants to know (recipes/*.json).
#pragma once

#include <optional>

#include "core/base/json.h"
#include "core/base/problem.h"

namespace workflow {

// The recipe's definition with its parameters put in. A text that is nothing but ${name} becomes the parameter itself, of whatever kind; inside of a longer
// text, or a key, it is put in as text. A parameter without a default must be given; one that the recipe does not know is an error.
std::optional<Json> FillRecipe(const Json& recipe, const Json& params, Problems* problems);

}  // namespace workflow

// How a relation's description is kept beside its binding: what the columns were when the table was attached.
#pragma once

#include <optional>

#include "core/base/json.h"
#include "core/binding/binding.h"

namespace workflow {

Json ToJson(const RelationDescription& relation);
// Nothing where `json` was not written by ToJson.
std::optional<RelationDescription> ParseRelation(const Json& json);

}  // namespace workflow

// Who an `assign` step chooses. The shell counts; the choice is made here.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/value.h"
#include "core/definition/actions.h"

namespace workflow {

// Whose turn the n-th is (from 0). By weights nobody waits longer than needed: 2, 1 gives a b a, a b a, …
size_t UserOfTurn(std::span<const Assignee> users, int64_t turn);

// The first of those with the fewest.
size_t LeastBusy(std::span<const int64_t> counts);

// The user for a field's value; nothing where it names nobody.
std::optional<std::string> UserFor(const AssignStep& step, const Value* value);

}  // namespace workflow

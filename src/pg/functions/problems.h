// What the functions that SQL calls share: how problems become one error, or lines that a person reads.
#pragma once

#include <string>

#include "core/base/problem.h"
#include "pg/server/entry.h"

namespace workflow::pg {

inline constexpr int kInvalidDefinition = MAKE_SQLSTATE('W', 'F', '0', '0', '1');
inline constexpr int kInvalidTemplate = MAKE_SQLSTATE('W', 'F', '0', '0', '9');

// One error for all errors among `problems`, which must have one: "definition has 2 errors", each on a line of the detail after its path,
// the hints likewise.
SqlError ErrorOf(const Problems& problems, int sqlstate, const std::string& what);

// `"/steps/0/type": sentence`; the sentence alone where the path is empty.
std::string LineOf(const std::string& path, const std::string& sentence);

}  // namespace workflow::pg

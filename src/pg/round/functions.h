// The function of the CRM that a `call` step names.
#pragma once

#include <string>
#include <vector>

#include "pg/server/spi.h"

namespace workflow::pg {

struct FoundFunction {
  std::string name;                 // quoted, with its schema
  std::vector<std::string> types;   // of the arguments given, as casts
  std::vector<bool> is_array;
  bool returns_nothing = false;
};

// By its name (or schema.name) and its arguments, each given by name or, where that is empty, by place; along the search_path in force.
// SqlError where none fits, where several do, where it returns a set or may not be called.
FoundFunction FindFunction(const std::string& function, const std::vector<std::string>& arguments);

}  // namespace workflow::pg

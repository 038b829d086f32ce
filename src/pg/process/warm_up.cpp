#include "pg/process/warm_up.h"

#include <algorithm>
#include <new>
#include <unordered_map>

#include "core/definition/compile.h"

namespace workflow::pg {

void WarmUp() noexcept {
  static constexpr const char* kDefinition = R"({"triggers": [{"on": "contact.created", "filter": {"combinator": "and", "rules": [
      {"field": "contact.name", "operator": "=", "value": "a"}, {"field": "contact.age", "operator": ">", "value": 1.5}]}}],
    "steps": [{"type": "send", "channel": "email", "subject": "{{ contact.name }}", "body": "x"}, {"type": "wait", "for": "1 day"}]})";
  try {
    CatalogEntity contact{.name = "contact", .fields = {}, .events = {{"contact.created"}}};
    contact.fields.push_back({.name = "name", .type = {.kind = TypeKind::kText}});
    contact.fields.push_back({.name = "age", .type = {.kind = TypeKind::kInteger}});
    Problems problems;
    std::string error;
    const auto json = Json::Parse(kDefinition, &error);
    // Forms of operator new that call each other, and of the tables that capture keeps.
    ::operator delete[](::operator new[](1));
    ::operator delete(::operator new(1, std::nothrow));
    ::operator delete[](::operator new[](1, std::nothrow));
    std::unordered_map<std::string, size_t> table;
    for (size_t i = 0; i < 32; ++i) table.emplace(std::to_string(i), i);
    std::vector<std::pair<size_t, size_t>> items(table.size());
    std::stable_sort(items.begin(), items.end());
    if (json) CompileDefinition(*json, Catalog{.entities = {contact}, .templates = {}}, false, &problems);
  } catch (const std::exception&) {  // a server that starts without it only starts its connections more slowly
  }
}

}  // namespace workflow::pg

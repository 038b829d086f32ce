// As much of JSON Schema (draft 2020-12) as the binding's schema uses. A keyword that is not known here is a failure, not a pass.
#pragma once

#include <gtest/gtest.h>
#include <regex.h>  // std::regex of g++ 12 does not compile with sanitizers and all warnings

#include <algorithm>
#include <string>

#include "core/base/json.h"

namespace workflow::binding_test {

class SchemaCheck {
 public:
  explicit SchemaCheck(const Json& root) : root_(root) {}
  bool Accepts(const Json& value) const { return Fits(value, root_); }

 private:
  bool Fits(const Json& value, const Json& schema) const {
    return std::all_of(schema.object().begin(), schema.object().end(),
                       [&](const Json::Member& rule) { return Holds(value, rule.first, rule.second, schema); });
  }

  bool Holds(const Json& value, const std::string& keyword, const Json& rule, const Json& schema) const {
    for (const char* note : {"$schema", "$defs", "title", "description"}) {
      if (keyword == note) return true;
    }
    if (keyword == "$ref") return Fits(value, *root_.Find("$defs")->Find(rule.string().substr(std::string("#/$defs/").size())));
    if (keyword == "type") return IsType(value, rule);
    if (keyword == "enum") return std::count(rule.array().begin(), rule.array().end(), value) > 0;
    if (keyword == "not") return !Fits(value, rule);
    if (keyword == "anyOf") {
      return std::any_of(rule.array().begin(), rule.array().end(), [&](const Json& option) { return Fits(value, option); });
    }
    if (keyword == "pattern") return !value.is_string() || Matches(value.string(), rule.string());
    if (value.is_array() || keyword == "items" || keyword == "minItems" || keyword == "maxItems" || keyword == "uniqueItems") {
      return HoldsOfArray(value, keyword, rule);
    }
    return HoldsOfObject(value, keyword, rule, schema);
  }

  bool HoldsOfArray(const Json& value, const std::string& keyword, const Json& rule) const {
    if (!value.is_array()) return true;
    const Json::Array& items = value.array();
    if (keyword == "minItems") return static_cast<int64_t>(items.size()) >= *rule.AsInteger();
    if (keyword == "maxItems") return static_cast<int64_t>(items.size()) <= *rule.AsInteger();
    if (keyword == "items") return std::all_of(items.begin(), items.end(), [&](const Json& item) { return Fits(item, rule); });
    if (keyword == "uniqueItems") {
      return std::all_of(items.begin(), items.end(),
                         [&](const Json& item) { return std::count(items.begin(), items.end(), item) == 1; });
    }
    return IsObjectKeyword(keyword);
  }

  bool HoldsOfObject(const Json& value, const std::string& keyword, const Json& rule, const Json& schema) const {
    if (!value.is_object()) return IsObjectKeyword(keyword);
    const Json::Object& members = value.object();
    if (keyword == "minProperties") return static_cast<int64_t>(members.size()) >= *rule.AsInteger();
    if (keyword == "maxProperties") return static_cast<int64_t>(members.size()) <= *rule.AsInteger();
    if (keyword == "required") {
      return std::all_of(rule.array().begin(), rule.array().end(),
                         [&](const Json& key) { return value.Find(key.string()) != nullptr; });
    }
    return std::all_of(members.begin(), members.end(), [&](const Json::Member& member) {
      if (keyword == "propertyNames") return Fits(Json::String(member.first), rule);
      const Json* properties = schema.Find("properties");
      const Json* known = properties == nullptr ? nullptr : properties->Find(member.first);
      if (keyword == "properties") return known == nullptr || Fits(member.second, *known);
      if (keyword == "additionalProperties") return known != nullptr || (rule.is_object() && Fits(member.second, rule));
      ADD_FAILURE() << "unknown keyword " << keyword;
      return false;
    });
  }

  static bool IsObjectKeyword(const std::string& keyword) {
    for (const char* known :
         {"minProperties", "maxProperties", "required", "propertyNames", "properties", "additionalProperties"}) {
      if (keyword == known) return true;
    }
    ADD_FAILURE() << "unknown keyword " << keyword;
    return false;
  }

  static bool Matches(const std::string& text, const std::string& pattern) {
    regex_t compiled;
    if (regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
      ADD_FAILURE() << "pattern " << pattern;
      return false;
    }
    bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
  }

  static bool IsType(const Json& value, const Json& rule) {
    if (rule.is_array())
      return std::any_of(rule.array().begin(), rule.array().end(), [&](const Json& one) { return IsType(value, one); });
    return rule.string() == value.KindName();
  }

  const Json& root_;
};

}  // namespace workflow::binding_test

// Writes one rule as SQL. Internal to core/condition.
#pragma once

#include <string>
#include <string_view>

#include "core/condition/sql.h"

namespace workflow {

class SqlRule {
 public:
  SqlRule(const ConditionNode& rule, const std::string& path, const FieldTable& table, const SqlNames& names, Problems* problems)
      : rule_(rule), path_(path), table_(table), names_(names), problems_(problems) {}

  std::string Write();

 private:
  std::string Positive();  // the rule, or what a negative one is the opposite of
  std::string Equal(size_t index);
  std::string ListEqual(const std::string& x, const std::string& y, size_t index);
  std::string Order(size_t index, const char* op);
  std::string Any();
  std::string Substring();
  std::string Part(const std::string& x, const std::string& y, std::string_view literal);
  std::string Member(size_t index);
  std::string Overlap();
  std::string Matches();
  std::string Change();
  // sql_more.cpp: times and json.
  std::string Age();
  std::string Scalar(uint32_t field, const char* kind);  // what json of this kind holds, null where it is of another; other fields as they are
  std::string JsonEqual(size_t index);
  std::string JsonEqualLiteral(const Value& value);
  std::string JsonSubstring();
  std::string JsonMember(const Value& value);
  std::string JsonOverlap();

  std::string Field(uint32_t field);
  std::string Operand(size_t index);
  std::string Bytes(const std::string& text) const;
  std::string Collated() const;
  std::string Problem(const std::string& message, const std::string& hint = {});
  const Type& type() const;
  Type OperandType(size_t index) const;  // of the field that stands in the place of a value, else of the rule's

  const ConditionNode& rule_;
  const std::string& path_;
  const FieldTable& table_;
  const SqlNames& names_;
  Problems* problems_;
};

// ASCII letters made small, as the core compares citext.
std::string Folded(const std::string& text);
std::string AsciiLower(std::string text);
// The schema that a type of the server's extensions is in, as its name has it.
std::string SchemaOf(const Type& type);

}  // namespace workflow

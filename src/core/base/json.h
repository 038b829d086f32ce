// A JSON document that keeps what a person wrote: the order of keys and the exact text of numbers. Parsing is nlohmann-json's
// (only json.cpp sees that library).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace workflow {

class Json {
 public:
  enum class Kind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  // null
  static Json Boolean(bool value);
  static Json Number(std::string text);  // `text` must be a JSON number
  static Json Integer(int64_t value);
  static Json String(std::string value);
  static Json MakeArray(Array items = {});
  static Json MakeObject(Object members = {});

  // Parses one document of at most `max_depth` nested levels. On failure: nothing, and *error says where and why.
  // Of a repeated key the last one counts, as in jsonb.
  static std::optional<Json> Parse(std::string_view text, std::string* error, int max_depth = 64);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_boolean() const { return kind_ == Kind::kBoolean; }
  bool is_number() const { return kind_ == Kind::kNumber; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // Each of these may be asked only of its own kind (asserted).
  bool boolean() const;
  const std::string& number() const;
  const std::string& string() const;
  const Array& array() const;
  Array& array();
  const Object& object() const;
  Object& object();

  const Json* Find(std::string_view key) const;  // nullptr where absent or where this is no object
  void Set(std::string_view key, Json value);    // of an object: replaces, or appends
  std::optional<int64_t> AsInteger() const;      // a number that is whole and fits

  std::string Dump() const;  // compact, valid JSON
  const char* KindName() const;

  friend bool operator==(const Json& a, const Json& b) = default;

 private:
  Kind kind_ = Kind::kNull;
  bool boolean_ = false;
  std::string text_;   // number or string
  Array items_;
  Object members_;
};

}  // namespace workflow

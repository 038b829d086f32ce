#include "core/base/json.h"

#include <cassert>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "core/base/decimal.h"

namespace workflow {
namespace {

// The library's messages quote what they read; an error message stays short whatever the input.
constexpr size_t kReasonMax = 200;

// Of a repeated key the last value counts, at the place of the first. One pass, since a document may have very many keys.
void MergeRepeatedKeys(Json::Object* members) {
  std::unordered_map<std::string, size_t> places;
  size_t kept = 0;
  for (size_t i = 0; i < members->size(); ++i) {
    Json::Member& member = (*members)[i];
    auto [place, first] = places.try_emplace(member.first, kept);
    if (!first) {
      (*members)[place->second].second = std::move(member.second);
    } else {
      if (kept != i) (*members)[kept] = std::move(member);
      ++kept;
    }
  }
  members->erase(members->begin() + static_cast<std::ptrdiff_t>(kept), members->end());
}

// Builds the document from the parser's events. Containers under construction stand on a stack of their own, so that a deep
// document costs no depth of calls.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(int max_depth, std::string* error) : max_depth_(max_depth), error_(error) {}
  Json Take() { return std::move(root_); }

  bool null() override { return Add(Json()); }
  bool boolean(bool value) override { return Add(Json::Boolean(value)); }
  bool number_integer(number_integer_t value) override { return Add(Json::Number(std::to_string(value))); }
  bool number_unsigned(number_unsigned_t value) override { return Add(Json::Number(std::to_string(value))); }
  bool number_float(number_float_t, const string_t& text) override { return Add(Json::Number(text)); }
  bool string(string_t& value) override { return CheckText(value) && Add(Json::String(std::move(value))); }
  bool binary(binary_t&) override { return Fail("binary data is no JSON"); }
  bool key(string_t& value) override {
    if (!CheckText(value)) return false;
    open_.back().object().emplace_back(std::move(value), Json());
    return true;
  }
  bool start_object(std::size_t) override { return Open(Json::MakeObject()); }
  bool start_array(std::size_t) override { return Open(Json::MakeArray()); }
  bool end_object() override {
    MergeRepeatedKeys(&open_.back().object());
    return Close();
  }
  bool end_array() override { return Close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& problem) override {
    std::string_view reason =
        problem.what();  // "[json.exception.NAME] parse error at line 1, column 2: REASON; last read: 'TEXT'"
    if (size_t bracket = reason.find("] "); bracket != reason.npos) reason.remove_prefix(bracket + 2);
    constexpr std::string_view kHead = "parse error at ";
    if (reason.starts_with(kHead)) reason.remove_prefix(kHead.size());
    reason = reason.substr(0, reason.find("; last read"));
    return Fail(std::string(reason.substr(0, kReasonMax)));
  }

 private:
  bool Fail(std::string reason) {
    *error_ = std::move(reason);
    return false;
  }

  bool CheckText(const std::string& text) {
    // Neither text nor jsonb can hold it.
    return text.find('\0') == text.npos || Fail("\\u0000 cannot be stored as text");
  }

  bool Add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().array().push_back(std::move(value));
    } else {
      open_.back().object().back().second = std::move(value);
    }
    return true;
  }

  bool Open(Json container) {
    if (open_.size() >= static_cast<size_t>(std::max(max_depth_, 0))) {
      return Fail("nested more than " + std::to_string(max_depth_) + " levels deep");
    }
    open_.push_back(std::move(container));
    return true;
  }

  bool Close() {
    Json container = std::move(open_.back());
    open_.pop_back();
    return Add(std::move(container));
  }

  int max_depth_;
  std::string* error_;
  std::vector<Json> open_;
  Json root_;
};

}  // namespace

Json Json::Boolean(bool value) {
  Json json;
  json.kind_ = Kind::kBoolean;
  json.boolean_ = value;
  return json;
}

Json Json::Number(std::string text) {
  Json json;
  json.kind_ = Kind::kNumber;
  json.text_ = std::move(text);
  return json;
}

Json Json::Integer(int64_t value) { return Number(std::to_string(value)); }

Json Json::String(std::string value) {
  Json json;
  json.kind_ = Kind::kString;
  json.text_ = std::move(value);
  return json;
}

Json Json::MakeArray(Array items) {
  Json json;
  json.kind_ = Kind::kArray;
  json.items_ = std::move(items);
  return json;
}

Json Json::MakeObject(Object members) {
  Json json;
  json.kind_ = Kind::kObject;
  json.members_ = std::move(members);
  return json;
}

std::optional<Json> Json::Parse(std::string_view text, std::string* error, int max_depth) {
  std::string ignored;
  if (error == nullptr) error = &ignored;
  // The library takes this byte for the end of its input and would not look at what follows.
  if (size_t nul = text.find('\0'); nul != text.npos) {
    *error = "byte " + std::to_string(nul + 1) + " is NUL";
    return {};
  }
  Builder builder(max_depth, error);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return {};
  return builder.Take();
}

bool Json::boolean() const {
  assert(is_boolean());
  return boolean_;
}

const std::string& Json::number() const {
  assert(is_number());
  return text_;
}

const std::string& Json::string() const {
  assert(is_string());
  return text_;
}

const Json::Array& Json::array() const {
  assert(is_array());
  return items_;
}

Json::Array& Json::array() {
  assert(is_array());
  return items_;
}

const Json::Object& Json::object() const {
  assert(is_object());
  return members_;
}

Json::Object& Json::object() {
  assert(is_object());
  return members_;
}

const Json* Json::Find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

void Json::Set(std::string_view key, Json value) {
  assert(is_object());
  for (Member& member : members_) {
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  }
  members_.emplace_back(std::string(key), std::move(value));
}

std::optional<int64_t> Json::AsInteger() const {
  if (!is_number()) return {};
  int64_t value = 0;
  const char* end = text_.data() + text_.size();
  auto [stop, failed] = std::from_chars(text_.data(), end, value);
  if (failed == std::errc() && stop == end) return value;
  std::optional<Decimal> exact = Decimal::Parse(text_);  // 1.0 and 1e3 are whole as well
  return exact ? exact->ToInteger() : std::nullopt;
}

const char* Json::KindName() const {
  switch (kind_) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return "boolean";
    case Kind::kNumber:
      return "number";
    case Kind::kString:
      return "string";
    case Kind::kArray:
      return "array";
    case Kind::kObject:
      return "object";
  }
  return "null";
}

}  // namespace workflow

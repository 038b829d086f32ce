// The parts of a definition's document: lists of steps inside steps, members that have been told and those that have not.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace workflow::telling {

// A list of steps inside a step: at a key of its own ("then"), or in a member of a list ("branches", each with a condition, a weight).
struct Inner {
  std::string key;               // "then", "branches"
  const Json* holder = nullptr;  // of a list's member: its object
  size_t number = 0;             // and which one it is, from 0
  Json* steps = nullptr;
};

// In the order in which the compiler takes them. Of keys that nobody knows: what looks like a list of steps is one.
std::vector<Inner> InnerLists(Json& step);
bool IsInner(const Json& step, std::string_view key);  // whether the member of that key holds steps

Json* FindMember(Json& object, std::string_view key);
// A text member, or "".
std::string TextAt(const Json& json, std::string_view key);

// The members of an object, each told once; what remains is told as it is.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}
  const Json* Take(std::string_view key);
  std::string TakeText(std::string_view key);  // "" where it is no text
  void Pass(std::string_view key) { told_.emplace(key); }
  std::string Rest() const;                    // ` (key: value; key: value)`, or ""

 private:
  const Json& json_;
  std::set<std::string, std::less<>> told_;
};

}  // namespace workflow::telling

// Which of many conditions a row may meet, without asking each: the method of publish/subscribe systems. Of every condition one rule that must
// hold is kept where the value itself leads to it: equality and membership in a table by value, bounds of whole numbers in order. What has no
// such rule is always a candidate.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/condition/condition.h"

namespace workflow {

class ConditionIndex {
 public:
  // Conditions are numbered in the order in which they are added. nullptr: one that always holds. `facts`: where the values of its fields will lie
  // when candidates are asked for, by index; nullptr for what is not known there.
  void Add(const Condition* condition, std::span<const Value* const> facts);

  // Calls `use` with the number of each condition that may be true or deferred, in ascending order, until it returns false; returns whether
  // none did. All others are false or null whatever the unknown fields hold. `use` must not ask again.
  template <typename Use>
  bool EachCandidate(Use use) const;

 private:
  // The rules about one value.
  struct OfFact {
    const Value* fact = nullptr;
    std::unordered_map<std::string, std::vector<uint32_t>> texts;
    std::unordered_map<int64_t, std::vector<uint32_t>> wholes;
    std::vector<std::pair<int64_t, uint32_t>> above;  // value >= bound, by bound
    std::vector<std::pair<int64_t, uint32_t>> below;  // value <= bound, by bound
  };
  OfFact& About(const Value* fact);
  bool Place(const ConditionNode& rule, std::span<const Value* const> facts, uint32_t number, bool bounds);
  bool PlaceEqual(const ConditionNode& rule, const Value* fact, uint32_t number);
  bool PlaceBounds(const ConditionNode& rule, const Value* fact, uint32_t number);
  void Find() const;
  void FindOne(const OfFact& of, const Value& value) const;

  uint32_t count_ = 0;
  std::vector<uint32_t> always_;
  std::vector<OfFact> by_fact_;
  mutable std::vector<uint32_t> found_;  // room that is used again: rows come by the thousand
};

template <typename Use>
bool ConditionIndex::EachCandidate(Use use) const {
  Find();
  return std::all_of(found_.begin(), found_.end(), use);
}

}  // namespace workflow

// Which global names a template reads. A name that assign, capture or increment binds counts as bound from there on, and inside a
// loop in all of its body: a later turn reads what an earlier one has set.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace workflow::liquid {

class Names {
 public:
  void Read(std::string_view root, std::string dotted);
  void Bind(std::string_view name);
  void EnterLoop(std::vector<std::string> variables);
  void LeaveLoop();
  std::vector<std::string> Take();  // sorted, no repeats
  std::vector<std::string> Bound() const { return {bound_.begin(), bound_.end()}; }
  std::vector<std::string> InSight() const;  // what is bound here: Bound(), and the variables of loops that are open

 private:
  struct Pending {
    std::string root, dotted;
  };
  std::set<std::string, std::less<>> bound_;
  std::vector<std::vector<std::string>> loops_;
  std::vector<Pending> pending_;  // read inside the outermost loop that is open
  std::set<std::string, std::less<>> reads_;
};

}  // namespace workflow::liquid

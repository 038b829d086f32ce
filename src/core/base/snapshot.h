// Which transactions a snapshot of the server sees: the text form of its type pg_snapshot, xmin:xmax:running,… in ascending order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace workflow {

class SeenTransactions {
 public:
  // Nothing where the text is none of a snapshot.
  static std::optional<SeenTransactions> Parse(std::string_view text);
  std::string Text() const;
  bool Sees(uint64_t transaction) const;
  // Every transaction before this one is seen.
  uint64_t first_unseen() const { return first_; }
  // As if this transaction were still running.
  void Hide(uint64_t transaction);

 private:
  uint64_t first_ = 0, next_ = 0;
  std::vector<uint64_t> running_;
};

// Between two snapshots: what the newer one sees and the older did not, however late it committed (the method of PgQ).
inline bool IsBetween(const SeenTransactions& older, const SeenTransactions& newer, uint64_t transaction) {
  return !older.Sees(transaction) && newer.Sees(transaction);
}

}  // namespace workflow

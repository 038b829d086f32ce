#include "core/base/snapshot.h"

#include <algorithm>
#include <charconv>

namespace workflow {
namespace {

// The number that `text` begins with, which is cut off together with `end` behind it (0: it ends the text).
std::optional<uint64_t> TakeNumber(std::string_view* text, char end) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc()) return std::nullopt;
  text->remove_prefix(static_cast<size_t>(stop - text->data()));
  if (end == 0) return number;
  if (text->empty() || text->front() != end) return std::nullopt;
  text->remove_prefix(1);
  return number;
}

}  // namespace

std::optional<SeenTransactions> SeenTransactions::Parse(std::string_view text) {
  SeenTransactions seen;
  const auto first = TakeNumber(&text, ':'), next = first ? TakeNumber(&text, ':') : std::nullopt;
  if (!next || *first > *next) return std::nullopt;
  seen.first_ = *first;
  seen.next_ = *next;
  for (bool more = !text.empty(); more;) {
    more = text.find(',') != std::string_view::npos;
    const auto running = TakeNumber(&text, more ? ',' : '\0');
    const uint64_t least = seen.running_.empty() ? seen.first_ : seen.running_.back() + 1;
    if (!running || *running < least || *running >= seen.next_) return std::nullopt;
    seen.running_.push_back(*running);
  }
  if (!text.empty()) return std::nullopt;
  return seen;
}

std::string SeenTransactions::Text() const {
  std::string text = std::to_string(first_) + ":" + std::to_string(next_) + ":";
  for (size_t i = 0; i < running_.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(running_[i]);
  return text;
}

bool SeenTransactions::Sees(uint64_t transaction) const {
  if (transaction < first_) return true;
  return transaction < next_ && !std::binary_search(running_.begin(), running_.end(), transaction);
}

void SeenTransactions::Hide(uint64_t transaction) {
  if (!Sees(transaction)) return;
  running_.insert(std::lower_bound(running_.begin(), running_.end(), transaction), transaction);
  first_ = std::min(first_, transaction);
}

}  // namespace workflow

#include "pg/capture/fold.h"

#include <algorithm>
#include <cstring>

namespace workflow::pg {
namespace {

constexpr size_t kNowhere = SIZE_MAX;

bool IsDelete(const Record& record) { return record.op == 'D'; }

// A record under its key. Of a row that goes on under another key there are two next to each other: the one it leaves, the one it gets.
struct Item {
  const Record* record;
  size_t key, position;
  bool leaves = false;
  size_t from = kNowhere;   // the position of the record with which it left its key before
};

// What happened to one row while it had one key.
struct Stay {
  const Record* first;
  const Record* last;
  size_t key, position;     // of the first record
  size_t from = kNowhere;
  bool left = false;
};

// A host's own triggers change rows while ours wait for their turn, so records do not come in the order in which things happened; command
// ids do. Within one command a row is deleted before it is inserted again.
bool Earlier(const Record& a, const Record& b) { return a.command < b.command || (a.command == b.command && IsDelete(a) && !IsDelete(b)); }

// A layout is one source's. Rows of a source whose columns were others when they were kept cannot be compared: each of them is for itself.
std::string IdentityOf(const SourcePlan& plan, const std::string& key) {
  const auto layout = static_cast<uint32_t>(plan.layout->id);
  std::string identity(sizeof(layout), '\0');
  memcpy(identity.data(), &layout, sizeof(layout));
  return identity += key;
}

class Folder {
 public:
  explicit Folder(const std::vector<Record*>& records) : records_(records) {}

  std::vector<Folded> Fold(size_t from) {
    for (size_t i = from; i < records_.size(); ++i) {
      if (records_[i]->op == 'T') truncated_[records_[i]->plan->source] = i;
    }
    items_.reserve(records_.size() - from);
    keys_.reserve(records_.size() - from);
    index_.reserve(records_.size() - from);
    for (size_t i = from; i < records_.size(); ++i) Read(i);
    if (moves_) CutAtMoves();
    else OneStayForEachKey();
    told_.reserve(stays_.size());
    for (const Stay& stay : stays_) {
      if (!stay.left) Tell(stay);
    }
    for (const auto& [source, position] : truncated_) {
      const Record& record = *records_[position];
      told_.push_back({{.plan = record.plan, .key = {}, .was = {}, .old = nullptr, .fresh = nullptr, .depth = record.depth, .chains = record.chains}, true, position});
    }
    const auto before = [](const Folded& a, const Folded& b) { return a.position < b.position; };
    if (!std::is_sorted(told_.begin(), told_.end(), before)) std::sort(told_.begin(), told_.end(), before);
    return std::move(told_);
  }

 private:
  void Read(size_t position) {
    const Record& record = *records_[position];
    if (record.op == 'T') return;
    // What was done to rows before all of them went is of no interest any more.
    const auto truncated = truncated_.find(record.plan->source);
    if (truncated != truncated_.end() && position < truncated->second) return;
    std::string key;
    if (!KeyOf(*record.plan, record.has_new ? record.fresh : record.old, &key)) return;
    const auto [place, is_new] = index_.try_emplace(IdentityOf(*record.plan, key), keys_.size());
    if (is_new) keys_.push_back(std::move(key));
    Item item = {&record, place->second, position};
    if (!items_.empty() && items_.back().position + 1 == position && IsOtherHalf(items_.back(), item)) {
      item.from = position - 1;
      items_.back().leaves = moves_ = true;
    }
    items_.push_back(item);
  }

  static bool IsOtherHalf(const Item& half, const Item& other) {
    const Record &a = *half.record, &b = *other.record;
    return a.moved && b.op == 'U' && a.command == b.command && a.plan->source == b.plan->source && half.key != other.key;
  }

  void OneStayForEachKey() {
    std::vector<size_t> of_key(keys_.size(), kNowhere);
    stays_.reserve(keys_.size());
    for (const Item& item : items_) {
      const Record* record = item.record;
      if (of_key[item.key] == kNowhere) {
        of_key[item.key] = stays_.size();
        stays_.push_back({record, record, item.key, item.position});
        continue;
      }
      Stay& stay = stays_[of_key[item.key]];
      if (Earlier(*record, *stay.first)) stay.first = record;
      if (!Earlier(*record, *stay.last)) stay.last = record;
    }
  }

  // One key may have been that of several rows, one after the other.
  void CutAtMoves() {
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
      return a.key != b.key ? a.key < b.key : Earlier(*a.record, *b.record);
    });
    for (const Item& item : items_) {
      Stay* open = stays_.empty() || stays_.back().key != item.key || stays_.back().left ? nullptr : &stays_.back();
      if (open == nullptr || item.from != kNowhere) {
        stays_.push_back({item.record, item.record, item.key, item.position, item.from});
        open = &stays_.back();
      }
      open->last = item.record;
      open->left = item.leaves;
      if (item.leaves) left_at_[item.position] = stays_.size() - 1;
    }
  }

  void Tell(const Stay& last) {
    const Stay* first = &last;
    int16_t depth = std::max(last.first->depth, last.last->depth);
    int32_t chains = std::max(last.first->chains, last.last->chains);
    while (first->from != kNowhere) {
      first = &stays_[left_at_.at(first->from)];
      depth = std::max(depth, first->first->depth);
      chains = std::max(chains, first->first->chains);
    }
    const SourcePlan* plan = last.last->plan;
    Transition transition = {.plan = plan, .key = {}, .was = {}, .old = nullptr, .fresh = nullptr, .depth = depth, .chains = chains};
    if (first->first->has_old && !first->first->own_old) transition.old = &first->first->old;
    if (last.last->has_new) transition.fresh = &last.last->fresh;
    if (transition.old == nullptr && transition.fresh == nullptr) return;
    if (transition.old != nullptr && transition.fresh != nullptr) {
      if (SameRow(*plan->layout, *transition.old, *transition.fresh)) return;
      if (first->key != last.key) transition.was = keys_[first->key];
    }
    // Others knew a row that is gone by the key it had before.
    transition.key = keys_[transition.fresh == nullptr ? first->key : last.key];
    told_.push_back({std::move(transition), false, first->position});
  }

  const std::vector<Record*>& records_;
  std::unordered_map<int32_t, size_t> truncated_;  // source -> position of its last truncation
  std::unordered_map<std::string, size_t> index_;  // identity -> key
  std::vector<std::string> keys_;
  std::vector<Item> items_;
  std::vector<Stay> stays_;
  std::unordered_map<size_t, size_t> left_at_;     // position of the record with which a row left -> its stay
  std::vector<Folded> told_;
  bool moves_ = false;
};

}  // namespace

std::vector<Folded> Fold(const std::vector<Record*>& records, size_t from) { return Folder(records).Fold(from); }

}  // namespace workflow::pg

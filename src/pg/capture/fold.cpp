#include "pg/capture/fold.h"

#include <algorithm>
#include <cstring>

namespace workflow::pg {
namespace {

constexpr uint32_t kNowhere = UINT32_MAX;

bool IsDelete(const Record& record) { return record.op == 'D'; }

// A record under its key. Of a row that goes on under another key there are two next to each other: the one it leaves, the one it gets.
struct Item {
  const Record* record;
  uint32_t key, position;
  uint32_t from = kNowhere;  // the position of the record with which it left its key before
  bool leaves = false;
};

// What happened to one row while it had one key.
struct Stay {
  const Record* first;
  const Record* last;
  uint32_t key, position;    // of the first record
  uint32_t from = kNowhere;
  bool left = false;
};

// Keys by numbers in the order in which they come. All in four blocks of memory: a bulk load has one for each row, and what is new to the process
// costs it more than what is done there.
class Keys {
 public:
  void Reserve(size_t count) {
    keys_.reserve(count);
    size_t size = 16;
    while (size < 2 * count) size *= 2;
    places_.assign(size, 0);
  }
  // A layout is one source's. Rows of a source whose columns were others when they were kept cannot be compared: each of them is for itself.
  uint32_t NumberOf(uint64_t layout, std::string_view key) {
    const size_t hash = std::hash<std::string_view>()(key) ^ (layout * 0x9E3779B97F4A7C15u);
    for (size_t place = hash;; ++place) {
      uint32_t& number = places_[place & (places_.size() - 1)];
      if (number == 0) {  // places are more than keys
        keys_.push_back({hash, layout, text_.size(), key.size()});
        text_ += key;
        number = static_cast<uint32_t>(keys_.size());
        return number - 1;
      }
      const Key& known = keys_[number - 1];
      if (known.hash == hash && known.layout == layout && Text(number - 1) == key) return number - 1;
    }
  }
  std::string_view Text(uint32_t number) const { return std::string_view(text_).substr(keys_[number].begin, keys_[number].size); }

 private:
  struct Key { size_t hash; uint64_t layout; size_t begin, size; };
  std::vector<Key> keys_;
  std::vector<uint32_t> places_;  // the number plus one, 0: free
  std::string text_;
};

// A host's own triggers change rows while ours wait for their turn, so records do not come in the order in which things happened; command
// ids do. Within one command a row is deleted before it is inserted again.
bool Earlier(const Record& a, const Record& b) { return a.command < b.command || (a.command == b.command && IsDelete(a) && !IsDelete(b)); }

class Folder {
 public:
  explicit Folder(const std::vector<Record*>& records) : records_(records) {}

  void Fold(size_t from, const std::function<void(const Folded&)>& use) {
    for (size_t i = from; i < records_.size(); ++i) {
      if (records_[i]->op == 'T') truncated_[records_[i]->plan->source] = static_cast<uint32_t>(i);
      may_move_ = may_move_ || records_[i]->moved;
    }
    if (may_move_) items_.reserve(records_.size() - from);
    stays_.reserve(records_.size() - from);
    keys_.Reserve(records_.size() - from);
    for (size_t i = from; i < records_.size(); ++i) Read(static_cast<uint32_t>(i));
    if (moves_) CutAtMoves();
    else for (const Item& item : items_) Add(item);
    Folded folded;
    if (!moves_ && truncated_.empty()) {  // they are in order
      for (const Stay& stay : stays_) if (Tell(stay, &folded)) use(folded);
      return;
    }
    std::vector<Folded> told;
    for (const Stay& stay : stays_) {
      if (!stay.left && Tell(stay, &folded)) told.push_back(folded);
    }
    for (const auto& [source, position] : truncated_) {
      const Record& record = *records_[position];
      told.push_back({{.plan = record.plan, .key = {}, .was = {}, .old = nullptr, .fresh = nullptr, .depth = record.depth, .chains = record.chains}, true, position});
    }
    std::sort(told.begin(), told.end(), [](const Folded& a, const Folded& b) { return a.position < b.position; });
    for (const Folded& one : told) use(one);
  }

 private:
  void Read(uint32_t position) {
    const Record& record = *records_[position];
    if (record.op == 'T') return;
    // What was done to rows before all of them went is of no interest any more.
    if (!truncated_.empty()) {
      const auto truncated = truncated_.find(record.plan->source);
      if (truncated != truncated_.end() && position < truncated->second) return;
    }
    if (!KeyOf(*record.plan, record.has_new ? record.fresh : record.old, &key_)) return;
    Item item = {&record, keys_.NumberOf(record.plan->layout->id, key_), position};
    if (!may_move_) {
      Add(item);
      return;
    }
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

  // Where no row moves there is one stay for each key, so they have the same numbers.
  void Add(const Item& item) {
    const Record* record = item.record;
    if (item.key == stays_.size()) {
      stays_.push_back({record, record, item.key, item.position});
      return;
    }
    Stay& stay = stays_[item.key];
    if (Earlier(*record, *stay.first)) stay.first = record;
    if (!Earlier(*record, *stay.last)) stay.last = record;
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
      if (item.leaves) left_at_[item.position] = static_cast<uint32_t>(stays_.size() - 1);
    }
  }

  // False where the row ends as it began.
  bool Tell(const Stay& last, Folded* folded) const {
    const Stay* first = &last;
    int16_t depth = std::max(last.first->depth, last.last->depth);
    int32_t chains = std::max(last.first->chains, last.last->chains);
    while (first->from != kNowhere) {
      first = &stays_[left_at_.at(first->from)];
      depth = std::max(depth, first->first->depth);
      chains = std::max(chains, first->first->chains);
    }
    Transition& transition = folded->transition;
    transition.plan = last.last->plan;
    transition.old = first->first->has_old && !first->first->own_old ? &first->first->old : nullptr;
    transition.fresh = last.last->has_new ? &last.last->fresh : nullptr;
    transition.depth = depth;
    transition.chains = chains;
    transition.was.clear();
    if (transition.old == nullptr && transition.fresh == nullptr) return false;
    if (transition.old != nullptr && transition.fresh != nullptr) {
      if (SameRow(*transition.plan->layout, *transition.old, *transition.fresh)) return false;
      if (first->key != last.key) transition.was = keys_.Text(first->key);
    }
    // Others knew a row that is gone by the key it had before.
    transition.key = keys_.Text(transition.fresh == nullptr ? first->key : last.key);
    folded->position = first->position;
    return true;
  }

  const std::vector<Record*>& records_;
  std::unordered_map<int32_t, uint32_t> truncated_;    // source -> position of its last truncation
  Keys keys_;
  std::string key_;                                    // of the record being read
  std::vector<Item> items_;                            // only where a row may move
  std::vector<Stay> stays_;
  std::unordered_map<uint32_t, uint32_t> left_at_;     // position of the record with which a row left -> its stay
  bool may_move_ = false, moves_ = false;
};

}  // namespace

void Fold(const std::vector<Record*>& records, size_t from, const std::function<void(const Folded&)>& use) { Folder(records).Fold(from, use); }

}  // namespace workflow::pg

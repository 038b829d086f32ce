#include "pg/capture/fold.h"

#include <cstring>

namespace workflow::pg {
namespace {

struct Row {
  const SourcePlan* plan;
  std::string key;
  const Record* first;
  const Record* last;
  int16_t depth;
  bool truncated = false, dropped = false;
};

bool IsDelete(const Record& record) { return record.op == 'D'; }

// A host's own triggers change rows while ours wait for their turn, so records do not come in the order in which things happened; command
// ids do. Within one command a row is deleted before it is inserted again.
void Add(const Record& record, Row* row) {
  const CommandId command = record.command;
  if (command < row->first->command || (command == row->first->command && IsDelete(record))) row->first = &record;
  if (command > row->last->command || (command == row->last->command && !IsDelete(record))) row->last = &record;
  if (record.depth > row->depth) row->depth = record.depth;
  if (record.plan->generation > row->plan->generation) row->plan = record.plan;
}

// Rows of a source whose columns were others when they were kept cannot be compared: each of them is for itself.
std::string IdentityOf(const SourcePlan& plan, const std::string& key) {
  std::string identity(sizeof(plan.layout->id) + sizeof(plan.source), '\0');
  memcpy(identity.data(), &plan.layout->id, sizeof(plan.layout->id));
  memcpy(identity.data() + sizeof(plan.layout->id), &plan.source, sizeof(plan.source));
  return identity + key;
}

class Folder {
 public:
  void Add(const Record& record) {
    if (record.op == 'T') return Truncate(record);
    std::string key;
    if (!KeyOf(*record.plan, record.has_new ? record.fresh : record.old, &key)) return;
    const auto [place, is_new] = index_.try_emplace(IdentityOf(*record.plan, key), rows_.size());
    if (is_new) rows_.push_back({record.plan, std::move(key), &record, &record, record.depth});
    else workflow::pg::Add(record, &rows_[place->second]);
  }

  std::vector<Folded> Result() {
    std::vector<Folded> folded;
    folded.reserve(rows_.size());
    for (Row& row : rows_) {
      if (row.dropped) continue;
      Transition transition = {.plan = row.plan, .key = std::move(row.key), .old = nullptr, .fresh = nullptr, .depth = row.depth};
      if (!row.truncated) {
        if (row.first->has_old && !row.first->own_old) transition.old = &row.first->old;
        if (row.last->has_new) transition.fresh = &row.last->fresh;
        if (transition.old == nullptr && transition.fresh == nullptr) continue;
        const bool both = transition.old != nullptr && transition.fresh != nullptr;
        if (both && SameRow(*row.plan->layout, *transition.old, *transition.fresh)) continue;
      }
      folded.push_back({std::move(transition), row.truncated});
    }
    return folded;
  }

 private:
  // What had been done to its rows before is of no interest any more.
  void Truncate(const Record& record) {
    for (Row& row : rows_) row.dropped = row.dropped || row.plan->source == record.plan->source;
    std::erase_if(index_, [&](const auto& entry) { return rows_[entry.second].dropped; });
    rows_.push_back({.plan = record.plan, .key = {}, .first = &record, .last = &record, .depth = record.depth, .truncated = true});
  }

  std::vector<Row> rows_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace

std::vector<Folded> Fold(const std::vector<Record*>& records, size_t from) {
  Folder folder;
  for (size_t i = from; i < records.size(); ++i) folder.Add(*records[i]);
  return folder.Result();
}

}  // namespace workflow::pg

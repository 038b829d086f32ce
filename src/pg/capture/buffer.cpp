#include "pg/capture/buffer.h"

#include <algorithm>

#include "pg/capture/append.h"
#include "pg/capture/event_log.h"

namespace workflow::pg {

constinit Journal* journal = nullptr;

namespace {

// DatumGetPointer() does not compile here: its cast to Pointer finds the core's function of that name.
char* Data(Datum datum) { return reinterpret_cast<char*>(static_cast<uintptr_t>(datum)); }

Size DataSize(const StoredColumn& column, Datum value) { return MAXALIGN(datumGetSize(value, column.by_value, column.length)); }

// What lies outside of the row may be gone before commit: the table may be truncated or rewritten.
void Fetch(const Layout& layout, const RowImage& image, std::vector<Datum>* datums) {
  datums->resize(layout.columns.size());
  Datum* into = datums->data();
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    into[i] = image.values[i];
    if (image.nulls[i] || layout.columns[i].length != -1 || !VARATT_IS_EXTERNAL(Data(into[i]))) continue;
    const Datum outside = into[i];
    into[i] = CallBackend([=] { return PointerGetDatum(detoast_external_attr(reinterpret_cast<varlena*>(Data(outside)))); });
  }
}

Size ImageSize(const Layout& layout, const Datum* values, const bool* nulls) {
  const size_t count = layout.columns.size();
  Size size = MAXALIGN(count * sizeof(Datum)) + MAXALIGN(count * sizeof(bool));
  for (size_t i = 0; i < count; ++i) {
    if (!nulls[i] && !layout.columns[i].by_value) size += DataSize(layout.columns[i], values[i]);
  }
  return size;
}

// Copies a row to `place`, which has room for it; returns what comes behind.
char* Copy(const Layout& layout, const Datum* values, const RowImage& from, char* place, RowImage* to) {
  const size_t count = layout.columns.size();
  auto* datums = reinterpret_cast<Datum*>(place);
  auto* nulls = reinterpret_cast<bool*>(place + MAXALIGN(count * sizeof(Datum)));
  char* data = reinterpret_cast<char*>(nulls) + MAXALIGN(count * sizeof(bool));
  for (size_t i = 0; i < count; ++i) {
    nulls[i] = from.nulls[i];
    datums[i] = values[i];
    if (nulls[i] || layout.columns[i].by_value) continue;
    const Size size = datumGetSize(values[i], false, layout.columns[i].length);
    memcpy(data, Data(values[i]), size);
    datums[i] = PointerGetDatum(data);
    data += MAXALIGN(size);
  }
  *to = {datums, nulls, from.rest};
  return data;
}

}  // namespace

void Journal::MarkHere() {
  const SubTransactionId here = GetCurrentSubTransactionId();
  if (here == TopSubTransactionId || (!marks_.empty() && marks_.back().subtransaction == here)) return;
  marks_.push_back({here, records_.size(), flushed_, bytes_, settled_});
}

const Record* Journal::MovedBefore(int32_t source, CommandId command) const {
  if (records_.empty()) return nullptr;
  const Record* last = records_.back();
  return last->moved && last->plan->source == source && last->command == command ? last : nullptr;
}

void Journal::Append(const RowChange& change) {
  const Layout& layout = *change.plan->layout;
  Size size = MAXALIGN(sizeof(Record));
  if (change.old != nullptr) {
    Fetch(layout, *change.old, &old_);
    size += ImageSize(layout, old_.data(), change.old->nulls);
  }
  if (change.fresh != nullptr) {
    Fetch(layout, *change.fresh, &fresh_);
    size += ImageSize(layout, fresh_.data(), change.fresh->nulls);
  }
  MarkHere();
  if (records_.size() == records_.capacity()) records_.reserve(std::max<size_t>(64, records_.size() * 2));
  if (memory_ == nullptr) {
    memory_ = CallBackend([] { return AllocSetContextCreate(TopTransactionContext, "pg_workflow capture", ALLOCSET_DEFAULT_SIZES); });
  }
  if (change.op == 'D' && !deleted(change.plan->source)) deleted_.push_back(change.plan->source);
  auto* place = static_cast<char*>(MemoryContextAllocExtended(memory_, size, MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM));
  if (place == nullptr) throw std::bad_alloc();
  auto* record = new (place) Record{.plan = change.plan, .command = change.command, .op = change.op, .has_old = change.old != nullptr,
                                    .has_new = change.fresh != nullptr, .moved = change.moved, .own_old = change.own_old, .depth = capture_depth,
                                    .chains = capture_chains, .size = static_cast<uint32_t>(size), .old = {}, .fresh = {}};
  char* data = place + MAXALIGN(sizeof(Record));
  if (change.old != nullptr) data = Copy(layout, old_.data(), *change.old, data, &record->old);
  if (change.fresh != nullptr) Copy(layout, fresh_.data(), *change.fresh, data, &record->fresh);
  records_.push_back(record);
  bytes_ += size;
}

bool Journal::deleted(int32_t source) const { return std::find(deleted_.begin(), deleted_.end(), source) != deleted_.end(); }

void Journal::Cut(size_t size) noexcept {
  for (size_t i = size; i < records_.size(); ++i) pfree(records_[i]);
  records_.resize(size);
}

void Journal::MarkFlushed() {
  MarkHere();
  // Those of enclosing levels are still needed if this one is rolled back.
  Cut(marks_.empty() ? 0 : marks_.back().size);
  flushed_ = records_.size();
  bytes_ = 0;
}

void Journal::Settle(CommandId command) {
  MarkHere();
  settled_ = command;
}

void Journal::SubtransactionCommitted(SubTransactionId subtransaction, SubTransactionId parent) noexcept {
  if (marks_.empty() || marks_.back().subtransaction != subtransaction) return;
  const bool parent_has_mark = marks_.size() > 1 && marks_[marks_.size() - 2].subtransaction == parent;
  if (parent != TopSubTransactionId && !parent_has_mark) marks_.back().subtransaction = parent;
  else marks_.pop_back();
  // What was flushed below the level that is current now is settled as far as this level goes.
  const size_t settled = marks_.empty() ? 0 : marks_.back().size;
  if (flushed_ == records_.size() && settled < records_.size()) {
    Cut(settled);
    flushed_ = records_.size();
  }
}

void Journal::SubtransactionAborted(SubTransactionId subtransaction) noexcept {
  if (marks_.empty() || marks_.back().subtransaction != subtransaction) return;
  const Mark mark = marks_.back();
  marks_.pop_back();
  Cut(mark.size);
  flushed_ = mark.flushed;
  bytes_ = mark.bytes;
  settled_ = mark.settled;
}

void Journal::TransactionEnded() noexcept {
  records_.clear();
  marks_.clear();
  deleted_.clear();
  if (records_.capacity() > 100000) std::vector<Record*>().swap(records_);
  flushed_ = bytes_ = 0;
  settled_ = FirstCommandId;
  memory_ = nullptr;  // it goes with the transaction's memory
}

}  // namespace workflow::pg

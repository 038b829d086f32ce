#include "pg/outbox/hints.h"

#include <algorithm>
#include <atomic>

#include "pg/server/table_writer.h"
#include "pg/server/entry.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

constexpr int kSlots = 128;
constexpr size_t kNameMax = 64;
constexpr int64_t kOwnLife_us = USECS_PER_MINUTE;
// A clock that was set back by more is believed; by less, it stands still until it has caught up.
constexpr int64_t kClockSlack_us = USECS_PER_MINUTE;
constexpr int kPendingMost = 4;
constexpr int kReopenedMost = 32;

struct ChannelKey {
  Oid database, table;  // workflow.message: after DROP and CREATE EXTENSION it is another
  char channel[kNameMax];
  friend bool operator==(const ChannelKey& a, const ChannelKey& b) {
    return a.database == b.database && a.table == b.table && strcmp(a.channel, b.channel) == 0;
  }
};

struct Slot {
  ChannelKey key;
  TimestampTz made_at;
  ChannelMarks marks;
};

struct Store {
  LWLock* lock;  // nullptr: this backend's own
  std::atomic<int64_t> latest;  // the furthest that a clock was
  std::atomic<uint32_t> generation;
  int used;
  Slot slots[kSlots];
};

// What this transaction publishes when it commits.
struct Pending {
  ChannelKey key;
  TimestampTz until;
  ChannelMarks marks;
};
struct Reopened {
  ChannelKey key;
  int rank;
  TimestampTz from, to;
  int32_t day;
  bool if_late;  // of a channel and rank there is one such
};

constinit Store* store = nullptr;
constinit Pending pending[kPendingMost] = {};
constinit int pending_count = 0;
constinit Reopened reopened[kReopenedMost] = {};
constinit int reopened_count = 0;  // beyond kReopenedMost: too many to be told

void Lock(LWLockMode mode) { if (store->lock != nullptr) CallBackend([=] { LWLockAcquire(store->lock, mode); }); }
void Unlock() { if (store->lock != nullptr) LWLockRelease(store->lock); }

void EnsureStore() {
  if (store == nullptr) store = new Store{};
}

bool KeyOf(const std::string& channel, ChannelKey* key) {
  if (channel.size() >= kNameMax) return false;
  *key = {};
  key->database = MyDatabaseId;
  key->table = TableNamed("message");
  memcpy(key->channel, channel.data(), channel.size());
  return true;
}

Slot* Find(const ChannelKey& key) {
  for (int i = 0; i < store->used; ++i) if (store->slots[i].key == key) return &store->slots[i];
  return nullptr;
}

// A place for `key`: a free one, or that of a channel of an extension that was dropped from this database. nullptr: there is none.
Slot* NewSlot(const ChannelKey& key) {
  for (int i = 0; i < store->used; ++i) {
    const ChannelKey& old = store->slots[i].key;
    if (old.database == key.database && old.table != key.table) return &store->slots[i];
  }
  return store->used < kSlots ? &store->slots[store->used++] : nullptr;
}

void Publish(const Pending& item) noexcept {
  if (item.marks.generation != store->generation) return;
  Slot* slot = Find(item.key);
  if (slot == nullptr) {
    if ((slot = NewSlot(item.key)) != nullptr) *slot = {item.key, GetCurrentTimestamp(), item.marks};
    return;
  }
  for (int rank = 0; rank < kRanks; ++rank) {
    slot->marks.fresh[rank] = Both(slot->marks.fresh[rank], item.marks.fresh[rank]);
    slot->marks.due[rank] = Both(slot->marks.due[rank], item.marks.due[rank]);
  }
  slot->marks.first_day = std::max(slot->marks.first_day, item.marks.first_day);
  slot->marks.generation = item.marks.generation;
}

bool Counts(const Reopened& item, TimestampTz now) { return !item.if_late || item.from <= now; }

bool AnyCounts(int count, TimestampTz now) {
  return count > kReopenedMost || std::any_of(reopened, reopened + count, [=](const Reopened& item) { return Counts(item, now); });
}

// Whoever is looking at this moment has not seen what is reopened: what they find is of an older generation.
void PublishReopened(int count, TimestampTz now) noexcept {
  ++store->generation;
  if (count > kReopenedMost) {
    store->used = 0;
    return;
  }
  for (int i = 0; i < count; ++i) {
    const Reopened& item = reopened[i];
    Slot* slot = Counts(item, now) ? Find(item.key) : nullptr;
    if (slot == nullptr) continue;
    slot->marks.due[item.rank] = With(slot->marks.due[item.rank], item.from, item.to);
    slot->marks.first_day = std::min(slot->marks.first_day, item.day);
  }
}

// At commit others see already what this transaction wrote. What is done waits for nobody, for a hint that is not published is no loss; what is
// reopened must be told.
void AtHintsTransactionEnd(XactEvent event, void*) noexcept {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE && event != XACT_EVENT_ABORT) return;
  const int done = pending_count;
  int back = reopened_count;
  pending_count = reopened_count = 0;
  if (event != XACT_EVENT_COMMIT || done + back == 0 || store == nullptr) return;
  // Whoever has a clock that is later than this one sees what was committed.
  if (back > 0 && !AnyCounts(back, std::max<TimestampTz>(GetCurrentTimestamp(), store->latest))) back = 0;
  if (done + back == 0) return;
  if (store->lock != nullptr) {
    if (back > 0) LWLockAcquire(store->lock, LW_EXCLUSIVE);
    else if (!LWLockConditionalAcquire(store->lock, LW_EXCLUSIVE)) return;
  }
  const TimestampTz now = std::max<TimestampTz>(GetCurrentTimestamp(), store->latest);
  for (int i = 0; i < done; ++i) if (now < pending[i].until) Publish(pending[i]);
  if (back > 0) PublishReopened(back, now);
  Unlock();
}

// Nobody would be told when a prepared transaction commits.
void BeforePrepare(XactEvent event, void*) noexcept {
  if (event != XACT_EVENT_PRE_PREPARE) return;
  if (reopened_count <= kReopenedMost && std::all_of(reopened, reopened + reopened_count, [](const Reopened& item) { return item.if_late; })) return;
  static const SqlError error{ERRCODE_FEATURE_NOT_SUPPORTED, "cannot PREPARE a transaction that has returned messages to the outbox"};
  Raised raised;
  Note(raised, error);
  Raise(raised);
}

void AtHintsSubtransactionEnd(SubXactEvent event, SubTransactionId, SubTransactionId, void*) noexcept {
  if (event == SUBXACT_EVENT_ABORT_SUB) pending_count = 0;
}

}  // namespace

ChannelMarks AllMarks() {
  ChannelMarks marks = {};
  for (int rank = 0; rank < kRanks; ++rank) marks.fresh[rank] = marks.due[rank] = Everything();
  marks.generation = store == nullptr ? 0 : store->generation.load();
  return marks;
}

ChannelMarks LoadMarks(const std::string& channel) {
  EnsureStore();
  ChannelKey key;
  if (!KeyOf(channel, &key)) return AllMarks();
  for (int i = 0; i < pending_count; ++i) if (pending[i].key == key) return pending[i].marks;
  Lock(LW_SHARED);
  ChannelMarks marks = AllMarks();
  const uint32_t generation = marks.generation;
  const Slot* slot = Find(key);
  if (slot != nullptr && store->lock == nullptr && slot->made_at < GetCurrentTimestamp() - kOwnLife_us) {
    store->used = 0;
    slot = nullptr;
  }
  if (slot != nullptr) marks = slot->marks;
  Unlock();
  if (slot == nullptr && !ReadLedger(channel, &marks)) marks = AllMarks();
  marks.generation = generation;
  return marks;
}

void CheckLedger(const std::string& channel) {
  EnsureStore();
  ChannelKey key;
  if (!KeyOf(channel, &key)) return;
  Lock(LW_SHARED);
  const bool known = Find(key) != nullptr;
  Unlock();
  ChannelMarks marks = {};
  if (!known) (void)ReadLedger(channel, &marks);
}

std::vector<KnownMarks> PublishedMarks() {
  EnsureStore();
  ChannelKey own;
  (void)KeyOf({}, &own);
  auto slots = std::make_unique<Slot[]>(kSlots);
  Lock(LW_SHARED);
  const int used = store->used;
  std::copy(store->slots, store->slots + used, slots.get());
  Unlock();
  std::vector<KnownMarks> known;
  for (int i = 0; i < used; ++i) {
    if (slots[i].key.database == own.database && slots[i].key.table == own.table) known.push_back({slots[i].key.channel, slots[i].marks});
  }
  return known;
}

void KeepMarks(const std::string& channel, const ChannelMarks& marks, TimestampTz until) {
  ChannelKey key;
  if (!KeyOf(channel, &key)) return;
  int at = 0;
  while (at < pending_count && !(pending[at].key == key)) ++at;
  if (at == kPendingMost) return;
  if (at == pending_count) {
    ++pending_count;
    pending[at].until = until;
  }
  pending[at].key = key;
  pending[at].marks = marks;
  pending[at].until = std::min(pending[at].until, until);
}

void ReopenAtCommit(const std::string& channel, int rank, TimestampTz visible_at, int32_t day) {
  EnsureStore();
  const int at = reopened_count < kReopenedMost ? reopened_count : kReopenedMost;
  reopened_count = at + 1;
  if (at == kReopenedMost) return;
  if (!KeyOf(channel, &reopened[at].key)) {  // has no marks
    reopened_count = at;
    return;
  }
  reopened[at].rank = rank;
  reopened[at].from = reopened[at].to = visible_at;
  reopened[at].day = day;
  reopened[at].if_late = false;
}

void ReopenIfLate(const std::string& channel, int rank, TimestampTz visible_at, int32_t day) {
  EnsureStore();
  ChannelKey key;
  if (!KeyOf(channel, &key) || reopened_count > kReopenedMost) return;
  Reopened* const end = reopened + reopened_count;
  Reopened* const item = std::find_if(reopened, end, [&](const Reopened& known) { return known.if_late && known.key == key && known.rank == rank; });
  if (item == end) {
    if (reopened_count == kReopenedMost) return;
    ++reopened_count;
    *item = {key, rank, visible_at, visible_at, day, true};
  } else {
    item->from = std::min(item->from, visible_at);
    item->to = std::max(item->to, visible_at);
    item->day = std::min(item->day, day);
  }
}

TimestampTz ClockNow() {
  EnsureStore();
  const int64_t now = GetCurrentTimestamp();
  int64_t seen = store->latest;
  if (seen > now + kClockSlack_us) {  // what was concluded from that clock does not hold
    Lock(LW_EXCLUSIVE);
    ++store->generation;
    store->used = 0;
    store->latest = seen = now;
    Unlock();
  }
  while (seen < now && !store->latest.compare_exchange_weak(seen, now)) {}
  return std::max(seen, now);
}

size_t HintsSize() { return sizeof(Store); }

void StartHints(void* memory, bool found, LWLock* lock) {
  store = static_cast<Store*>(memory);
  if (found) return;
  memset(static_cast<void*>(store), 0, sizeof(Store));
  store->lock = lock;
}

void RegisterHints() {
  RegisterXactCallback(BeforePrepare, nullptr);
  RegisterXactCallback(AtHintsTransactionEnd, nullptr);
  RegisterSubXactCallback(AtHintsSubtransactionEnd, nullptr);
}

}  // namespace workflow::pg

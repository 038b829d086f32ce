// Writing what is kept for capture. Changes are only ever added, by whoever changes a definition, so that publishing waits for nobody; a round, of
// which there is one at a time, makes the needs anew and takes away the changes that they contain.
#include <algorithm>
#include <array>

#include "pg/server/entry.h"
#include "pg/sources/kept_needs.h"
#include "pg/sources/needs.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {
namespace {

// What has been saved by this backend, and by which transaction: it may have been rolled back since.
struct SavedNeeds {
  uint64_t generation;
  TransactionId transaction;  // none: it has committed
};
constinit SavedNeeds saved_needs = {0, InvalidTransactionId};

bool IsSaved(uint64_t generation) {
  if (saved_needs.generation != generation) return false;
  const TransactionId transaction = saved_needs.transaction;
  if (!TransactionIdIsValid(transaction)) return true;
  if (CallBackend([=] { return TransactionIdIsCurrentTransactionId(transaction); })) return true;
  if (!CallBackend([=] { return TransactionIdDidCommit(transaction); })) return false;
  saved_needs.transaction = InvalidTransactionId;
  return true;
}

// Of every source and part. Nothing where something cannot be used: whoever needs to say so has to compile.
std::optional<std::vector<KeptNeeds::Row>> RowsToKeep(const Registry& registry) {
  const auto is_broken = [](const auto& one) { return !one->broken.empty(); };
  if (std::any_of(registry.sources.begin(), registry.sources.end(), is_broken)) return {};
  if (std::any_of(registry.versions.begin(), registry.versions.end(), is_broken)) return {};
  std::vector<KeptNeeds::Row> rows;
  for (const auto& source : registry.sources) {
    for (const char* part : {"", "tags", "campaigns"}) {
      const LoadedNeeds made = NeedsIn(registry, source->name, part);
      if (made.needs == nullptr) continue;
      rows.push_back({.kind = 'n', .place = {}, .transaction = 0, .source = source->name, .part = part, .body = WriteNeeds(*made.needs)});
    }
  }
  return rows;
}

bool IsKept(const KeptNeeds& kept, const std::vector<KeptNeeds::Row>& rows) {
  size_t found = 0;
  for (const KeptNeeds::Row& row : kept.rows) {
    if (row.kind == 'c') return false;
    if (row.kind != 'n') continue;
    const auto same = [&](const KeptNeeds::Row& r) { return r.source == row.source && r.part == row.part && r.body == row.body; };
    if (std::none_of(rows.begin(), rows.end(), same)) return false;
    ++found;
  }
  return kept.seen && found == rows.size();
}

void Replace(Relation relation, const KeptNeeds& kept, const std::optional<std::vector<KeptNeeds::Row>>& rows, const SeenTransactions& seen) {
  for (const KeptNeeds::Row& row : kept.rows) {
    if (row.kind != 'c' || rows) DeleteKeptNeeds(relation, row);
  }
  if (!rows) return;
  InsertKeptNeeds(relation, {.kind = 'h', .place = {}, .transaction = 0, .source = {}, .part = {}, .body = HeadOf(seen)});
  for (const KeptNeeds::Row& row : *rows) InsertKeptNeeds(relation, row);
}

// Its number of the table that a change is noted in; changes of one subtransaction are noted once, for they come and go together.
struct NotedChange {
  Oid table;
  TransactionId transaction;
  SubTransactionId subtransaction;
};
constinit NotedChange noted_change = {InvalidOid, InvalidTransactionId, InvalidSubTransactionId};

}  // namespace

void SaveNeeds(const Registry& registry) {
  if (!registry.seen || IsSaved(registry.generation)) return;
  const Relation relation = OpenKeptNeeds(OurRelation(kNeedsTable), RowExclusiveLock);
  if (relation == nullptr) return;
  const KeptNeeds kept = ReadKeptNeeds(relation, nullptr, nullptr);
  const auto is_unseen = [&](const KeptNeeds::Row& row) { return row.kind == 'c' && !registry.seen->Sees(row.transaction); };
  // Where a definition has changed since, or is being changed by this very transaction, the next registry is the one to save.
  if (std::none_of(kept.rows.begin(), kept.rows.end(), is_unseen)) {
    const auto rows = RowsToKeep(registry);
    const bool keeps_none = !rows && std::all_of(kept.rows.begin(), kept.rows.end(), [](const auto& row) { return row.kind == 'c'; });
    saved_needs = {registry.generation, InvalidTransactionId};
    if (!keeps_none && (!rows || !IsKept(kept, *rows))) {
      saved_needs.transaction = CallBackend([] { return GetCurrentTransactionId(); });
      Replace(relation, kept, rows, *registry.seen);
      CallBackend([] { CommandCounterIncrement(); });
    }
  }
  CallBackend([=] { table_close(relation, NoLock); });
}

void NoteChangeOfDefinitions(Relation table) {
  static constexpr std::array<const char*, 3> kTables = {"source", "workflow", "version"};
  const char* name = RelationGetRelationName(table);
  if (std::none_of(kTables.begin(), kTables.end(), [=](const char* known) { return strcmp(known, name) == 0; })) return;
  const Oid oid = OurRelation(kNeedsTable);
  if (!OidIsValid(oid)) return;
  const FullTransactionId transaction = CallBackend([] { return GetTopFullTransactionId(); });
  const NotedChange now = {oid, XidFromFullTransactionId(transaction), CallBackend([] { return GetCurrentSubTransactionId(); })};
  const bool is_noted = noted_change.table == now.table && noted_change.transaction == now.transaction && noted_change.subtransaction == now.subtransaction;
  if (is_noted) return;
  Relation relation = CallBackend([=] { return table_open(oid, RowExclusiveLock); });
  InsertKeptNeeds(relation, {.kind = 'c', .place = {}, .transaction = U64FromFullTransactionId(transaction), .source = {}, .part = {}, .body = {}});
  CallBackend([=] {
    CacheInvalidateRelcache(relation);
    table_close(relation, NoLock);
  });
  noted_change = now;
}

}  // namespace workflow::pg

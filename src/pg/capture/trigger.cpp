// The triggers on the CRM's tables. They run inside the statements of whoever writes there: what is wrong with us is reported and never
// raised, and a row that nobody wants to know about costs as little as can be.
#include <exception>
#include <new>

#include "pg/capture/buffer.h"
#include "pg/capture/capture.h"
#include "pg/capture/evaluate.h"
#include "pg/capture/event_log.h"
#include "pg/capture/import.h"
#include "pg/server/entry.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

// A version of a row, its columns in the order of the layout. Its room is used again for the next row.
struct Gathered {
  std::vector<Datum> values;
  std::unique_ptr<bool[]> nulls;
  size_t room = 0;
  RowImage image;
};

struct Rooms { Gathered old, fresh; };
constinit Rooms* rooms = nullptr;

uint64_t Fingerprint(Datum value, bool by_value, int16 length) {
  if (by_value) return murmurhash32(static_cast<uint32_t>(value)) ^ (static_cast<uint64_t>(murmurhash32(static_cast<uint32_t>(value >> 32))) << 32);
  const auto* bytes = reinterpret_cast<const unsigned char*>(static_cast<uintptr_t>(value));
  // A toasted value counts by its pointer, which changes with it.
  return hash_bytes_extended(bytes, static_cast<int>(datumGetSize(value, false, length)), 0);
}

// Of a table that is no heap: of the columns that are not kept.
uint64_t RestOfSlot(const RelationPlan& plan, TupleTableSlot* slot) {
  return CallBackend([&] {
    slot_getallattrs(slot);
    uint64_t rest = 0;
    for (const AttrNumber number : plan.others) {
      const FormData_pg_attribute& attribute = *TupleDescAttr(slot->tts_tupleDescriptor, number - 1);
      const uint64_t one = slot->tts_isnull[number - 1] ? 1 : Fingerprint(slot->tts_values[number - 1], attribute.attbyval, attribute.attlen);
      rest = hash_combine64(rest, one);
    }
    return rest;
  });
}

// A fingerprint of the whole row, where somebody listens for any update: of its bytes as they are stored. A row from before a column was added
// is completed first, for an update that changes nothing completes it too.
uint64_t RestOf(const RelationPlan& plan, TupleTableSlot* slot, HeapTuple tuple) {
  if (!plan.source->layout->rest) return 0;
  if (!plan.is_heap) return RestOfSlot(plan, slot);
  const TupleDesc descriptor = slot->tts_tupleDescriptor;
  return CallBackend([=] {
    HeapTuple whole = HeapTupleHeaderGetNatts(tuple->t_data) < descriptor->natts ? heap_expand_tuple(tuple, descriptor) : tuple;
    constexpr uint32 kBegin = offsetof(HeapTupleHeaderData, t_bits);
    return uint64_t{std::hash<std::string_view>()({reinterpret_cast<const char*>(whole->t_data) + kBegin, whole->t_len - kBegin})};
  });
}

// Its rest is left out: it costs more than all else, and most rows need none.
RowImage& Gather(const RelationPlan& plan, TupleTableSlot* slot, Gathered* into) {
  const AttrNumber last = plan.last;
  CallBackend([=] { slot_getsomeattrs(slot, last); });
  const size_t count = plan.numbers.size();
  if (into->room < count) {
    into->values.resize(count);
    into->nulls = std::make_unique<bool[]>(count);
    into->room = count;
  }
  for (size_t i = 0; i < count; ++i) {
    into->values[i] = slot->tts_values[plan.numbers[i] - 1];
    into->nulls[i] = slot->tts_isnull[plan.numbers[i] - 1];
  }
  into->image = {into->values.data(), into->nulls.get(), 0};
  return into->image;
}

// When something was done to the row: the command that made the new version, or ended the old one.
CommandId CommandOf(const RelationPlan& plan, HeapTuple tuple, bool ended) {
  return CallBackend([&] {
    if (!plan.is_heap) return GetCurrentCommandId(false);
    return ended ? HeapTupleHeaderGetCmax(tuple->t_data) : HeapTupleHeaderGetCmin(tuple->t_data);
  });
}

// This transaction wrote that version.
bool IsOwn(HeapTuple tuple) {
  const TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);
  return CallBackend([=] { return TransactionIdIsCurrentTransactionId(xmin); });
}

// And it inserted it, not as the new one of an older row, and no round has read it yet.
bool IsOwnInsert(const RelationPlan& plan, HeapTuple tuple) {
  if (!plan.is_heap || (tuple->t_data->t_infomask & HEAP_UPDATED) != 0) return false;
  return IsOwn(tuple) && !journal->IsSettled(CommandOf(plan, tuple, false));
}

// Asked for every row that is inserted: the function looks at no argument, and raises nothing.
bool IsNested() { return DatumGetInt32(pg_trigger_depth(nullptr)) > 1; }

void Inserted(const RelationPlan& plan, const TriggerData& data) {
  const SourcePlan& source = *plan.source;
  RowImage& fresh = Gather(plan, data.tg_trigslot, &rooms->fresh);
  const auto rest = [&] { return RestOf(plan, data.tg_trigslot, data.tg_trigtuple); };
  // The other half of a move between partitions: the two come one after the other.
  if (journal->HasMoved(source.source)) {
    const CommandId command = CommandOf(plan, data.tg_trigtuple, false);
    const Record* before = journal->MovedBefore(source.source, command);
    if (before != nullptr && before->plan->layout == source.layout) {
      fresh.rest = rest();
      journal->Append({.plan = &source, .command = command, .op = 'U', .old = &before->old, .fresh = &fresh, .own_old = before->own_old});
      return;
    }
  }
  // It counts even if nobody wants it where it may be one that was deleted: that makes it an update. A statement inside of a host's
  // trigger is seen before the one that fired it.
  if (!source.ties && !journal->deleted(source.source) && !WantsInsert(source, fresh) && !IsNested()) return;
  fresh.rest = rest();
  journal->Append({.plan = &source, .command = CommandOf(plan, data.tg_trigtuple, false), .op = 'I', .fresh = &fresh});
}

void Deleted(const RelationPlan& plan, const TriggerData& data) {
  RowImage& old = Gather(plan, data.tg_trigslot, &rooms->old);
  old.rest = RestOf(plan, data.tg_trigslot, data.tg_trigtuple);
  journal->Append({.plan = plan.source.get(), .command = CommandOf(plan, data.tg_trigtuple, true), .op = 'D', .old = &old,
                   .own_old = IsOwnInsert(plan, data.tg_trigtuple),
                   .moved = plan.is_heap && HeapTupleHeaderIndicatesMovedPartitions(data.tg_trigtuple->t_data)});
}

void Updated(const RelationPlan& plan, const TriggerData& data) {
  const SourcePlan& source = *plan.source;
  RowImage& old = Gather(plan, data.tg_trigslot, &rooms->old);
  RowImage& fresh = Gather(plan, data.tg_newslot, &rooms->fresh);
  // A row of which the journal may have a version already is kept in any case, for the last one counts.
  if (plan.is_heap && !source.ties && !IsOwn(data.tg_trigtuple) && MayPassOver(source, old, fresh)) return;
  // So is the update of a row that this transaction inserted: the next one would no longer see where the row came from.
  const bool own_old = IsOwnInsert(plan, data.tg_trigtuple);
  old.rest = RestOf(plan, data.tg_trigslot, data.tg_trigtuple);
  fresh.rest = RestOf(plan, data.tg_newslot, data.tg_newtuple);
  if (!own_old && SameRow(*source.layout, old, fresh)) return;
  const CommandId command = CommandOf(plan, data.tg_newtuple, false);
  bool same_key = true;
  for (const uint32_t column : source.key) same_key = same_key && SameColumn(source.layout->columns[column], old, fresh, column);
  if (same_key) {
    journal->Append({.plan = &source, .command = command, .op = 'U', .old = &old, .fresh = &fresh, .own_old = own_old});
    return;
  }
  // Under another key it goes on as the same row.
  journal->Append({.plan = &source, .command = command, .op = 'D', .old = &old, .own_old = own_old, .moved = true});
  journal->Append({.plan = &source, .command = command, .op = 'U', .old = &old, .fresh = &fresh, .own_old = own_old});
}

void Dispatch(const TriggerData& data) {
  const char* name = data.tg_trigger->tgargs[0];
  if (event_log_missing) return ReportFault(name, kNoEventLog);
  const RelationPlan* plan = PlanFor(data.tg_relation, name, data.tg_trigger->tgnargs > 1 ? data.tg_trigger->tgargs[1] : "");
  if (plan == nullptr) return;
  if (TRIGGER_FIRED_BY_INSERT(data.tg_event)) Inserted(*plan, data);
  else if (TRIGGER_FIRED_BY_UPDATE(data.tg_event)) Updated(*plan, data);
  else if (TRIGGER_FIRED_BY_DELETE(data.tg_event)) Deleted(*plan, data);
  else journal->Append({.plan = plan->source.get(), .command = CallBackend([] { return GetCurrentCommandId(false); }), .op = 'T'});
  // Not between the two halves of a move: the first by itself is a deletion.
  if (journal->pending_bytes() > static_cast<size_t>(settings::capture_memory_kb) * 1024 && !journal->EndsWithHalf()) FlushCapture();
}

constexpr const char* kTag = "tag:";

// Of an import only the keys count, and whether the row is there in the end: what it was before does not.
void Remember(const TriggerData& data) {
  const RelationPlan& plan = *ImportPlanFor(data.tg_relation, data.tg_trigger->tgargs[0], settings::capture + strlen(kTag));
  const auto note = [&](char op, HeapTuple tuple, TupleTableSlot* slot, Gathered* into) {
    const RowImage& image = Gather(plan, slot, into);
    imports->Append({.plan = plan.source.get(), .command = CommandOf(plan, tuple, op == 'D'), .op = op, .old = op == 'D' ? &image : nullptr,
                     .fresh = op == 'D' ? nullptr : &image, .own_old = true});
  };
  if (TRIGGER_FIRED_BY_INSERT(data.tg_event)) {
    note('I', data.tg_trigtuple, data.tg_trigslot, &rooms->fresh);
  } else if (TRIGGER_FIRED_BY_UPDATE(data.tg_event)) {
    note('D', data.tg_trigtuple, data.tg_trigslot, &rooms->old);
    note('I', data.tg_newtuple, data.tg_newslot, &rooms->fresh);
  } else if (TRIGGER_FIRED_BY_DELETE(data.tg_event)) {
    note('D', data.tg_trigtuple, data.tg_trigslot, &rooms->old);
  } else {
    imports->Append({.plan = plan.source.get(), .command = CallBackend([] { return GetCurrentCommandId(false); }), .op = 'T'});
  }
  if (imports->pending_bytes() > static_cast<size_t>(settings::capture_memory_kb) * 1024) FlushImports();
}

// What an exception of ours says; errors of the server and want of memory are the host's as well and pass.
std::string Caught(const TriggerData& data) {
  try {
    if (strncmp(settings::capture, kTag, strlen(kTag)) == 0) Remember(data);
    else Dispatch(data);
    return {};
  } catch (const SqlError& error) {
    return error.message;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
}

void Capture(FunctionCallInfo fcinfo, const char* function, bool truncate) {
  const auto* data = reinterpret_cast<const TriggerData*>(fcinfo->context);
  const bool fits = CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_AFTER(data->tg_event) && data->tg_trigger->tgnargs >= 1 &&
                    data->tg_trigger->tgnargs <= (truncate ? 1 : 2) &&
                    (truncate ? TRIGGER_FIRED_BY_TRUNCATE(data->tg_event)
                              : TRIGGER_FIRED_FOR_ROW(data->tg_event) && !TRIGGER_FIRED_BY_TRUNCATE(data->tg_event));
  if (!fits) {
    throw SqlError{ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                   std::string("workflow.") + function + "() must be called as the trigger that workflow.attach() makes"};
  }
  if (strcmp(settings::capture, "off") == 0) return;
  RegisterCapture();
  if (rooms == nullptr) rooms = new Rooms();
  const std::string fault = Caught(*data);
  if (!fault.empty()) ReportFault(data->tg_trigger->tgargs[0], fault);
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(wf_capture) {
  workflow::pg::Capture(fcinfo, "capture", false);
  return PointerGetDatum(nullptr);
}

WF_FUNCTION(wf_capture_truncate) {
  workflow::pg::Capture(fcinfo, "capture_truncate", true);
  return PointerGetDatum(nullptr);
}

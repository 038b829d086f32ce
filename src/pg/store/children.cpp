#include "pg/store/children.h"

#include <algorithm>
#include <charconv>

#include "core/calendar/civil.h"
#include "pg/convert.h"
#include "pg/server/table_writer.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

constexpr int kFirstYear = 2020;

std::string Digits(int32_t number, size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

// What this backend knows of the days. The invalidation callback may come at any moment and touches `stale` only.
struct Days {
  std::vector<int32_t>* known;
  std::map<int32_t, DayRelations>* relations;
  Oid parent;
  volatile bool stale;
};
constinit Days days = {nullptr, nullptr, InvalidOid, true};

extern "C" void OnParentInvalidated(Datum, Oid relation) noexcept {
  if (relation == InvalidOid || relation == days.parent) days.stale = true;
}

// message_20261122 -> its day; -1 where the name is none of ours.
int32_t DayOfName(std::string_view name) {
  const std::string_view prefix = "message_";
  if (name.size() != prefix.size() + 8 || name.substr(0, prefix.size()) != prefix) return -1;
  const std::string text(name.substr(prefix.size()));
  const auto date = ParseDate(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2));
  return date ? date->days - kFirstDay : -1;
}

}  // namespace

std::string DayChild(std::string_view parent, int32_t day) {
  std::string date = FormatDate(Date{day + kFirstDay});
  date.erase(std::remove(date.begin(), date.end(), '-'), date.end());
  return std::string(parent) + "_" + date;
}

int32_t MonthOf(Instant at) {
  const std::string date = FormatDate(Date{DayOf(at) + kFirstDay});
  int year = kFirstYear, month = 1;
  std::from_chars(date.data(), date.data() + 4, year);
  std::from_chars(date.data() + 5, date.data() + 7, month);
  return (year - kFirstYear) * 12 + month - 1;
}

Instant StartOfMonth(int32_t month) {
  const auto date = ParseDate(std::to_string(kFirstYear + month / 12) + "-" + Digits(month % 12 + 1, 2) + "-01");
  return {int64_t{date->days} * kDay};
}

std::string MonthChild(std::string_view parent, int32_t month) {
  return std::string(parent) + "_" + std::to_string(kFirstYear + month / 12) + Digits(month % 12 + 1, 2);
}

Oid EnsureChild(std::string_view parent, std::string_view child, std::string_view column, std::string_view low, std::string_view high) {
  if (const Oid known = TableNamed(child); OidIsValid(known)) return known;
  Execute("SELECT workflow.make_child($1, $2, $3, $4, $5)", Params().Text(parent).Text(child).Text(column).Text(low).Text(high)).Free();
  return TableNamed(child);
}

Oid EnsureMonth(std::string_view parent, std::string_view column, Instant at) {
  const int64_t day = std::clamp<int64_t>(at.us / kDay - (at.us % kDay < 0 ? 1 : 0), -719162, 2932896);  // of the years 1 to 9999
  std::string month = FormatDate(Date{static_cast<int32_t>(day)}).substr(0, 7);
  const Date first = *ParseDate(month + "-01");
  const std::string low = FormatDate(first) + " UTC", high = FormatDate(AddMonths(first, 1)) + " UTC";
  month.erase(4, 1);
  return EnsureChild(parent, std::string(parent) + "_" + month, column, low, high);
}

MessageDay EnsureMessageDay() {
  MessageDay today;
  today.day = DayOf(ToInstant(GetCurrentTimestamp()));
  const std::vector<int32_t>& known = MessageDays();
  if (!known.empty()) today.day = std::max(today.day, known.back());
  const std::string low = std::to_string(FirstMessage(today.day)), high = std::to_string(FirstMessage(today.day + 1));
  // The messages last: who finds them finds the other two.
  today.outcome = EnsureChild("outcome", DayChild("outcome", today.day), "message", low, high);
  today.lease = EnsureChild("lease", DayChild("lease", today.day), "message", low, high);
  today.message = EnsureChild("message", DayChild("message", today.day), "id", low, high);
  return today;
}

std::vector<int64_t> NextMessageIds(const MessageDay& today, size_t count) {
  const Oid sequence = RelationNamed("message_id_seq");
  std::vector<int64_t> ids(count);
  for (int64_t& id : ids) id = MessageId(today.day, CallBackend([=] { return nextval_internal(sequence, false); }));
  return ids;
}

const std::vector<int32_t>& MessageDays() {
  CallBackend([] { AcceptInvalidationMessages(); });
  const Oid parent = TableNamed("message");
  if (days.known == nullptr) {
    days.known = new std::vector<int32_t>();
    days.relations = new std::map<int32_t, DayRelations>();
  }
  if (!days.stale && parent == days.parent) return *days.known;
  days.parent = parent;
  days.stale = false;
  std::vector<int32_t> found;
  try {
    ::List* children = CallBackend([=]() -> ::List* { return OidIsValid(parent) ? find_inheritance_children(parent, NoLock) : nullptr; });
    for (int i = 0; i < list_length(children); ++i) {
      const Oid child = list_nth_oid(children, i);
      const char* name = CallBackend([=] { return get_rel_name(child); });
      if (const int32_t day = name == nullptr ? -1 : DayOfName(name); day >= 0) found.push_back(day);
    }
  } catch (...) {
    days.stale = true;
    throw;
  }
  std::sort(found.begin(), found.end());
  days.known->swap(found);
  days.relations->clear();
  return *days.known;
}

const DayRelations* RelationsOf(int32_t day) {
  const std::vector<int32_t>& known = MessageDays();
  if (!std::binary_search(known.begin(), known.end(), day)) return nullptr;
  const auto found = days.relations->find(day);
  if (found != days.relations->end()) return &found->second;
  const std::string message = DayChild("message", day), lease = DayChild("lease", day), outcome = DayChild("outcome", day);
  DayRelations relations = {};
  relations.message = TableNamed(message);
  relations.message_pkey = TableNamed(message + "_pkey");
  relations.message_claim = TableNamed(message + "_channel_rank_id_idx");
  relations.lease = TableNamed(lease);
  relations.lease_pkey = TableNamed(lease + "_pkey");
  relations.lease_token = TableNamed(lease + "_token_idx");
  relations.lease_due = TableNamed(lease + "_channel_rank_visible_at_idx");
  relations.outcome = TableNamed(outcome);
  relations.outcome_pkey = TableNamed(outcome + "_pkey");
  return &days.relations->emplace(day, relations).first->second;
}

void ForgetMessageDays() { days.stale = true; }

void RegisterMessageDays() { CacheRegisterRelcacheCallback(OnParentInvalidated, 0); }

}  // namespace workflow::pg

// message.<step>.opened_at and the like: what came back of an enrollment's messages, read for a whole batch by one query.
#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

bool Names(const std::string& reference) { return reference == "message" || reference.starts_with("message."); }

bool AsksForMessages(const Program& program) {
  return std::any_of(program.table.fields.begin(), program.table.fields.end(), [](const Field& field) { return field.scope == Scope::kMessage; }) ||
         std::any_of(program.references.begin(), program.references.end(), Names);
}

}  // namespace

void Batch::LoadMessageFacts(const std::vector<const Enrolled*>& all) {
  const std::vector<std::string>& stored = round_.templates.references();
  const bool by_template = std::any_of(stored.begin(), stored.end(), Names);
  std::vector<int64_t> ids;
  Instant since = round_.now;
  for (const Enrolled* enrolled : all) {
    if (enrolled->is_new || (!by_template && !AsksForMessages(enrolled->version->program))) continue;
    if (!message_facts_.try_emplace(enrolled->id).second) continue;
    ids.push_back(enrolled->id);
    since = std::min(since, enrolled->entered_at);
  }
  if (ids.empty()) return;
  // Numbers go by the real clock, entering by the virtual one where there is one.
  const int64_t first = round_.is_virtual ? 0 : FirstMessage(DayOf(since) > 0 ? DayOf(since) - 1 : 0);
  Rows rows = Execute("SELECT f.enrollment, f.step, f.outcome, f.sent_at, f.receipts::text FROM workflow.message_facts($1, $2) f",
                      Params().Int8s(ids).Int8(first));
  for (size_t i = 0; i < rows.size(); ++i) {
    auto& facts = message_facts_[rows.Int8(i, 1)][rows.Text(i, 2)];
    if (const auto outcome = rows.MaybeText(i, 3)) facts["outcome"] = Value(*outcome);
    if (const auto sent = rows.MaybeTime(i, 4)) facts["sent_at"] = Value(*sent);
    std::string error;
    const auto receipts = Json::Parse(rows.Text(i, 5), &error);
    if (!receipts || !receipts->is_object()) continue;
    for (const auto& [kind, at] : receipts->object()) {
      if (const auto instant = at.is_string() ? ParseInstant(at.string()) : std::nullopt) facts[kind + "_at"] = Value(*instant);
    }
  }
  rows.Free();
}

// What a sender holds goes out though its enrollment has ended by an answer; the history says so (semantics 20). What nobody has claimed yet is
// cancelled by the next claim.
void Batch::NoteClaimed() {
  std::vector<int64_t> ids;
  Instant since = round_.now;
  for (const Enrolled* enrolled : answered_) {
    ids.push_back(enrolled->id);
    since = std::min(since, enrolled->entered_at);
  }
  if (ids.empty()) return;
  const int64_t first = round_.is_virtual ? 0 : FirstMessage(DayOf(since) > 0 ? DayOf(since) - 1 : 0);
  Rows rows = Execute("SELECT c.enrollment, c.step, c.message, c.channel FROM workflow.claimed_messages($1, $2) c", Params().Int8s(ids).Int8(first));
  for (size_t i = 0; i < rows.size(); ++i) {
    traces_.push_back({rows.Int8(i, 1), rows.Text(i, 2), "not_recallable", "message " + std::to_string(rows.Int8(i, 3)) + " (" + rows.Text(i, 4) + ") is with a sender"});
  }
  rows.Free();
}

Value Batch::MessageFact(const Enrolled& enrolled, const std::string& step, const std::string& name) const {
  const auto messages = message_facts_.find(enrolled.id);
  if (messages == message_facts_.end()) return {};
  const auto message = messages->second.find(step);
  if (message == messages->second.end()) return {};
  const auto fact = message->second.find(name);
  return fact == message->second.end() ? Value() : fact->second;
}

Json Batch::MessagesOf(const Enrolled& enrolled) const {
  Json all = Json::MakeObject();
  const auto messages = message_facts_.find(enrolled.id);
  if (messages == message_facts_.end()) return all;
  for (const auto& [step, facts] : messages->second) {
    Json one = Json::MakeObject();
    for (const auto& [name, value] : facts) one.Set(name, ToJson(value));
    all.Set(step, std::move(one));
  }
  return all;
}

}  // namespace workflow::pg

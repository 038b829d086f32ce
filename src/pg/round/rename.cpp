// Rows that have other keys now are the same rows: what belongs to them goes with them. All at once, for one may have the key that another had.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

struct Moves {
  std::vector<std::string> was, fresh, accounts;
};

// Keys on the way wear a mark, so that none meets one that is still to move.
constexpr const char* kUnmarked = "ltrim(e.entry_key, chr(1))";

// Who has had the key before, and is gone, has a history under it: the numbers of the entries go on from there.
std::string NumberAfter(const std::string& contact) {
  return "e.entry_number + coalesce((SELECT max(o.entry_number) FROM workflow.enrollment o WHERE o.account = e.account AND o.contact_key = " + contact +
         " AND o.workflow = e.workflow AND o.entry_key = " + kUnmarked + "), 0)";
}

void MoveRows(int32_t source, const Moves& moves) {
  Execute("UPDATE workflow.enrollment e SET entry_row = m.fresh FROM unnest($2::text[], $3::text[]) m(was, fresh)"
          " WHERE e.entry_source = $1 AND e.entry_row = m.was",
          Params().Int4(source).Texts(moves.was).Texts(moves.fresh));
}

void MoveEntryKeys(int32_t source, const Moves& moves) {
  // Of those by a line the row's key is the first part.
  const auto part = [](const std::string& key) { return "replace(replace(" + key + R"(, '\', '\\'), ',', '\,'))"; };
  Execute("UPDATE workflow.enrollment e SET entry_key = chr(1) || CASE e.entry_by WHEN 'r' THEN m.fresh ELSE " + part("m.fresh") +
              " || substr(e.entry_key, length(" + part("m.was") + ") + 1) END FROM unnest($2::text[], $3::text[]) m(was, fresh)"
              " WHERE e.entry_source = $1 AND e.entry_row = m.was AND (e.entry_key = m.was AND e.entry_by = 'r' OR e.entry_by = 'l')",
          Params().Int4(source).Texts(moves.was).Texts(moves.fresh));
  MoveRows(source, moves);
  Execute("UPDATE workflow.enrollment e SET entry_number = " + NumberAfter("e.contact_key") + ", entry_key = " + kUnmarked +
              " WHERE e.entry_source = $1 AND e.entry_row = ANY ($2) AND e.entry_key ^@ chr(1)",
          Params().Int4(source).Texts(moves.fresh));
}

void MoveContacts(int32_t source, const Moves& moves) {
  MoveRows(source, moves);
  Execute("UPDATE workflow.enrollment e SET contact_key = chr(1) || m.fresh, entry_key = CASE WHEN e.entry_key = m.was AND e.entry_by = 'c'"
          " THEN chr(1) || m.fresh ELSE e.entry_key END FROM unnest($2::text[], $3::text[], $4::text[]) m(was, fresh, account)"
          " WHERE e.contact_source = $1 AND e.contact_key = m.was AND (m.account = '' OR e.account = m.account)",
          Params().Int4(source).Texts(moves.was).Texts(moves.fresh).Texts(moves.accounts));
  const std::string contact = "ltrim(e.contact_key, chr(1))";
  Execute("UPDATE workflow.enrollment e SET entry_number = " + NumberAfter(contact) + ", contact_key = " + contact + ", entry_key = " + kUnmarked +
              " WHERE e.contact_source = $1 AND e.contact_key = ANY (SELECT chr(1) || k FROM unnest($2::text[]) k)",
          Params().Int4(source).Texts(moves.fresh));
}

// Over a mark, as above; what is there already under the new key stays.
void MoveThroughMark(const std::string& table, const std::string& columns, const Moves& moves) {
  const std::string of = " FROM unnest($1::text[], $2::text[], $3::text[]) m(was, fresh, own)";
  const std::string theirs = "s.contact_key = m.was AND (m.own = '' OR s.account IN ('', m.own))";
  const auto params = [&] { return Params().Texts(moves.was).Texts(moves.fresh).Texts(moves.accounts); };
  const std::string insert = "INSERT INTO workflow." + table + " (contact_key, " + columns + ") SELECT ";
  Execute(insert + "chr(1) || m.fresh, " + columns + of + " JOIN workflow." + table + " s ON " + theirs + " ON CONFLICT DO NOTHING", params());
  Execute("DELETE FROM workflow." + table + " s USING unnest($1::text[], $2::text[], $3::text[]) m(was, fresh, own) WHERE " + theirs, params());
  Execute(insert + "substr(s.contact_key, 2), " + columns + " FROM workflow." + table + " s WHERE s.contact_key ^@ chr(1) ON CONFLICT DO NOTHING");
  Execute("DELETE FROM workflow." + table + " s WHERE s.contact_key ^@ chr(1)");
}

// What the contacts have said, what they were sent, what is to be done about them.
void MoveBelongings(int32_t source, const Moves& moves) {
  MoveThroughMark("suppression", "account, address, channel, scope, reason, message, at", moves);
  MoveThroughMark("subscription", "account, contact_source, campaign, channel, subscribed, at, workflow", moves);
  const std::string from = " FROM unnest($1::text[], $2::text[], $3::text[]) m(was, fresh, account) WHERE (m.account = '' OR t.account = m.account) AND ";
  const auto params = [&] { return Params().Texts(moves.was).Texts(moves.fresh).Texts(moves.accounts); };
  Execute("UPDATE workflow.contacted t SET contact_key = m.fresh" + from + "t.contact_key = m.was AND t.contact_source = $4", params().Int4(source));
  Execute("UPDATE workflow.refusal t SET contact_key = m.fresh" + from + "t.contact_key = m.was", params());
  Execute("UPDATE workflow.merged t SET into_key = m.fresh" + from +
              "t.into_key = m.was AND NOT EXISTS (SELECT FROM workflow.merged o WHERE o.account = t.account AND o.into_key = m.fresh AND o.contact_key = t.contact_key)",
          params());
  Execute("UPDATE workflow.task t SET contact_key = e.contact_key FROM workflow.enrollment e WHERE e.id = t.enrollment AND t.contact_key <> e.contact_key"
          " AND e.contact_source = $1 AND e.contact_key = ANY ($2)",
          Params().Int4(source).Texts(moves.fresh));
}

}  // namespace

void Batch::Rename(const std::vector<const LogEvent*>& events) {
  std::map<const Source*, Moves> by_source;
  std::vector<std::string> was_ids, moving_ids, fresh_ids;
  for (const LogEvent* event : events) {
    const Json* was = event->body.Find("was");
    const Source* source = event->source ? round_.registry.SourceById(*event->source) : nullptr;
    if (event->applied || was == nullptr || !was->is_string() || source == nullptr) continue;
    Moves& moves = by_source[source];
    moves.was.push_back(was->string());
    moves.fresh.push_back(event->row_key);
    moves.accounts.push_back(event->account);
    for (const BoundEvent& bound : source->binding.events) {
      if (!bound.once) continue;
      was_ids.push_back(OnceId(*source, was->string(), bound.name));
      fresh_ids.push_back(OnceId(*source, event->row_key, bound.name));
      moving_ids.push_back(NamedUuid({"moving", fresh_ids.back()}));
    }
  }
  for (const auto& [source, moves] : by_source) {
    if (source->binding.entity == "contact") {
      MoveContacts(source->id, moves);
      MoveBelongings(source->id, moves);
    } else {
      MoveEntryKeys(source->id, moves);
    }
  }
  if (was_ids.empty()) return;
  const char* move = "UPDATE workflow.entry_event y SET event = m.fresh::uuid FROM unnest($1::text[], $2::text[]) m(was, fresh) WHERE y.event = m.was::uuid";
  Execute(move, Params().Texts(was_ids).Texts(moving_ids));
  Execute("DELETE FROM workflow.entry_event WHERE event = ANY ($1::text[]::uuid[])", Params().Texts(fresh_ids));  // of a row that is gone
  Execute(move, Params().Texts(moving_ids).Texts(fresh_ids));
}

}  // namespace workflow::pg

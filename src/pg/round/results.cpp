// step.<id>: what steps have given, kept beside the enrollment.
#include "pg/round/candidate.h"
#include "pg/round/turn.h"
#include "pg/server/spi.h"

namespace workflow::pg {

void Batch::LoadResults(const std::vector<std::pair<Enrolled*, Input>>& work) {
  std::vector<int64_t> ids;
  for (const auto& [enrolled, input] : work) {
    if (enrolled->has_results || !enrolled->version->program.has_results) continue;
    enrolled->has_results = true;
    enrolled->results = Json::MakeObject();
    if (!enrolled->is_new) ids.push_back(enrolled->id);
  }
  if (ids.empty()) return;
  Rows rows = Execute("SELECT r.enrollment, r.step, r.result::text FROM workflow.step_result r WHERE r.enrollment = ANY ($1)", Params().Int8s(ids));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string error;
    by_id_.at(rows.Int8(i, 1))->results.Set(rows.Text(i, 2), Json::Parse(rows.Text(i, 3), &error).value_or(Json()));
  }
  rows.Free();
}

void Batch::KeepResult(Enrolled* enrolled, const std::string& step, Json result) {
  results_[{enrolled->id, step}] = result.Dump();
  if (!enrolled->results.is_object()) enrolled->results = Json::MakeObject();
  enrolled->results.Set(step, std::move(result));
}

void Batch::SaveResults() {
  if (!results_.empty()) {
    std::vector<int64_t> ids;
    std::vector<std::string> steps, texts;
    for (const auto& [key, text] : results_) {
      ids.push_back(key.first);
      steps.push_back(key.second);
      texts.push_back(text);
    }
    Execute("INSERT INTO workflow.step_result (enrollment, step, result, at) SELECT enrollment, step, result::json, $4"
            " FROM unnest($1::bigint[], $2::text[], $3::text[]) AS u(enrollment, step, result)"
            " ON CONFLICT (enrollment, step) DO UPDATE SET result = excluded.result, at = excluded.at",
            Params().Int8s(ids).Texts(steps).Texts(texts).Time(round_.now));
  }
  std::vector<int32_t> workflows;
  std::vector<std::string> steps;
  std::vector<int64_t> turns;
  for (const auto& [key, turn] : assign_turns_) {
    workflows.push_back(key.first);
    steps.push_back(key.second);
    turns.push_back(turn);
  }
  if (turns.empty()) return;
  Execute("INSERT INTO workflow.assign_turn AS t (workflow, step, turns) SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[])"
          " ON CONFLICT (workflow, step) DO UPDATE SET turns = excluded.turns WHERE t.turns <> excluded.turns",
          Params().Int4s(workflows).Texts(steps).Int8s(turns));
}

}  // namespace workflow::pg

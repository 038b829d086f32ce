// Steps are nested in the document and flat in the program. Every step gets an index in the order of the document; a list inside
// a step goes on, after its last step, where the step that holds it goes on.
#include "core/definition/steps.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/definition/link.h"

namespace workflow::definition {
namespace {

constexpr size_t kIdBytesMax = 63;
constexpr int32_t kNowhere = -2;  // the start of an empty list, until it is known where its step goes on

constexpr std::array kTypes = {"send",   "wait",   "if",      "branch", "split", "goal",  "set",    "tag",      "goto",      "stop", "notify", "webhook",
                                "create", "copy",   "task",    "assign", "approve", "call", "emit",  "enroll",   "unenroll",  "subscribe", "unsubscribe"};

bool IsId(std::string_view id) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !id.empty() && id.size() <= kIdBytesMax && std::all_of(id.begin(), id.end(), allowed);
}

bool GivesResult(const Step& step) {
  return std::holds_alternative<CallStep>(step.body) || std::holds_alternative<CreateStep>(step.body) ||
         std::holds_alternative<CopyStep>(step.body) || std::holds_alternative<TaskStep>(step.body) ||
         std::holds_alternative<AssignStep>(step.body) || std::holds_alternative<ApproveStep>(step.body);
}

class StepsReader {
 public:
  explicit StepsReader(CompileContext* context)
      : context_(context), problems_(context->problems), steps_(context->program.steps), names_(Names::OfSteps(context)) {}

  void Read(const Json& json, const std::string& path) {
    ReadList(&json, path, kEndOfSteps, 1);
    LinkLists();
    NameSteps();
    LinkJumps(gotos_, &steps_, problems_);
    CheckResults();
  }

 private:
  // A list of steps and the step that holds it; kEndOfSteps for the outermost one.
  struct List {
    int32_t owner;
    int32_t last;  // kEndOfSteps where the list is empty
  };

  int32_t ReadList(const Json* json, const std::string& path, int32_t owner, int depth) {
    if (json == nullptr) return kNowhere;
    if (!json->is_array()) {
      problems_->Error(path, std::string("steps must be an array, not ") + json->KindName());
      return kNowhere;
    }
    if (depth > context_->limits.depth_max) {
      problems_->Error(path, "steps are nested more than " + std::to_string(context_->limits.depth_max) + " levels deep", HintOfLimit("max_depth"));
      return kNowhere;
    }
    size_t list = lists_.size();
    lists_.push_back({owner, kEndOfSteps});
    int32_t first = kNowhere;
    int32_t previous = kEndOfSteps;
    for (size_t i = 0; i < json->array().size() && HasRoom(Pointer(path, i)); ++i) {
      int32_t index = ReadStep(json->array()[i], Pointer(path, i), depth);
      if (previous == kEndOfSteps) {
        first = index;
      } else {
        steps_[static_cast<size_t>(previous)].next = index;
        WarnAfterStop(previous, index);
      }
      previous = index;
    }
    lists_[list].last = previous;
    return first;
  }

  // The limit is reported once; what comes after it is not read.
  bool HasRoom(const std::string& path) {
    if (steps_.size() < static_cast<size_t>(context_->limits.steps_max)) return true;
    if (!full_) problems_->Error(path, "a workflow has at most " + std::to_string(context_->limits.steps_max) + " steps", HintOfLimit("max_steps"));
    full_ = true;
    return false;
  }

  void WarnAfterStop(int32_t previous, int32_t index) {
    const Step& step = steps_[static_cast<size_t>(previous)];
    if (!std::holds_alternative<StopStep>(step.body) || step.filter) return;
    problems_->Warning(steps_[static_cast<size_t>(index)].path, "this step is never taken: it comes after a stop");
  }

  int32_t ReadStep(const Json& json, const std::string& path, int depth) {
    auto index = static_cast<int32_t>(steps_.size());
    steps_.push_back({.id = {}, .path = path, .filter = {}, .body = {}});
    types_.emplace_back("step");
    ObjectReader reader(json, path, "a step", problems_);
    if (!reader.is_object()) return index;
    ReadId(&reader, index);
    bool stated = reader.Take("type") != nullptr;
    std::optional<std::string> type = reader.Text("type");
    if (!stated) reader.Missing("type", "Its types are " + QuoteList({kTypes.begin(), kTypes.end()}) + '.');
    if (!type || !CheckType(*type, reader.At("type"))) return index;
    types_.back() = *type;
    ReadBody(*type, json, path, index, depth);
    return index;
  }

  void ReadId(ObjectReader* reader, int32_t index) {
    std::optional<std::string> id = reader->Text("id");
    if (!id) return;
    if (!IsId(*id)) {
      problems_->Error(reader->At("id"), Quote(*id) + " is no id of a step", "An id has 1 to 63 letters, digits, _ and -.");
      return;
    }
    auto [known, added] = ids_.emplace(*id, reader->path());
    if (!added)
      problems_->Error(reader->At("id"), "the id " + Quote(*id) + " is used twice", "The other is at " + known->second + '.');
    steps_[static_cast<size_t>(index)].id = *std::move(id);
  }

  bool CheckType(const std::string& type, const std::string& path) {
    if (Among(type, kTypes)) return true;
    std::vector<std::string> known(kTypes.begin(), kTypes.end());
    std::string hint = NearestHint(type, known);
    problems_->Error(path, Quote(type) + " is no type of step", hint.empty() ? "Its types are " + QuoteList(known) + '.' : hint);
    return false;
  }

  void ReadBody(const std::string& type, const Json& json, const std::string& path, int32_t index, int depth) {
    ObjectReader reader(json, path, (std::string_view("aeiou").find(type.front()) == std::string_view::npos ? "a " : "an ") + type + " step", problems_);
    reader.Allow("type");
    reader.Allow("id");
    std::optional<Condition> filter;
    if (type != "if") filter = ReadCondition(&reader);
    decltype(Step::body) body;
    if (type == "send") body = ReadSend(&reader, &names_, context_);
    if (type == "wait") body = ReadWait(&reader, &names_, context_);
    if (type == "set") body = ReadSet(&reader, json, &names_, context_);
    if (type == "tag") body = ReadTag(&reader, &names_, context_);
    if (type == "stop") body = ReadStop(&reader, context_);
    if (type == "notify") body = ReadNotify(&reader, &names_, context_);
    if (type == "webhook") body = ReadWebhook(&reader, &names_, context_);
    if (type == "create") body = ReadCreate(&reader, &names_, context_);
    if (type == "copy") body = ReadCopy(&reader, &names_, context_);
    if (type == "task") body = ReadTask(&reader, &names_, context_);
    if (type == "assign") body = ReadAssign(&reader, &names_, context_);
    if (type == "approve") body = ReadApproval(&reader, index, depth);
    if (type == "call") body = ReadCall(&reader, &names_, context_);
    if (type == "emit") body = ReadEmit(&reader, &names_, context_);
    if (type == "enroll") body = ReadEnroll(&reader, &names_, context_);
    if (type == "unenroll") body = ReadUnenroll(&reader, &names_, context_);
    if (type == "subscribe" || type == "unsubscribe") body = ReadSubscribe(&reader, type == "subscribe", context_);
    if (type == "if") body = ReadIf(&reader, index, depth);
    if (type == "branch") body = ReadBranch(&reader, index, depth);
    if (type == "split") body = ReadSplit(&reader, index, depth);
    if (type == "goal") body = ReadGoalStep(&reader, context_);
    if (type == "goto") ReadGotoStep(&reader, index, &body);
    if (auto* wait = std::get_if<WaitStep>(&body)) {
      wait->on_timeout = ReadList(reader.Take("on_timeout"), reader.At("on_timeout"), index, depth + 1);
      if (wait->listener >= 0) context_->program.listeners[static_cast<size_t>(wait->listener)].index = index;
    }
    reader.Finish();
    Step& step = steps_[static_cast<size_t>(index)];
    step.filter = std::move(filter);
    step.body = std::move(body);
  }

  std::optional<Condition> ReadCondition(ObjectReader* reader) {
    const Json* json = reader->Take("if");
    if (json == nullptr) return {};
    return CompileCondition(*json, reader->At("if"), names_, problems_);
  }

  ApproveStep ReadApproval(ObjectReader* reader, int32_t index, int depth) {
    ApproveStep step = ReadApprove(reader, &names_, context_);
    step.then.approved = ReadList(reader->Take("approved"), reader->At("approved"), index, depth + 1);
    step.then.rejected = ReadList(reader->Take("rejected"), reader->At("rejected"), index, depth + 1);
    step.then.timed_out = ReadList(reader->Take("timed_out"), reader->At("timed_out"), index, depth + 1);
    return step;
  }

  BranchStep ReadIf(ObjectReader* reader, int32_t index, int depth) {
    BranchStep step;
    if (!reader->Has("if")) reader->Missing("if", "It is the condition that chooses between \"then\" and \"else\".");
    if (!reader->Has("then") && !reader->Has("else")) reader->Missing("then");
    Branch branch = {.name = "then", .condition = ReadCondition(reader).value_or(Condition{})};
    branch.target = ReadList(reader->Take("then"), reader->At("then"), index, depth + 1);
    step.branches.push_back(std::move(branch));
    step.otherwise = ReadList(reader->Take("else"), reader->At("else"), index, depth + 1);
    return step;
  }

  BranchStep ReadBranch(ObjectReader* reader, int32_t index, int depth) {
    BranchStep step;
    bool stated = reader->Has("branches");
    const Json::Array* branches = reader->List("branches");
    if (!stated)
      reader->Missing("branches", "Each is {\"name\": ..., \"if\": ..., \"steps\": [...]}, and the first that matches is taken.");
    if (branches != nullptr && branches->empty()) problems_->Error(reader->At("branches"), "the list of branches is empty");
    std::set<std::string> known;
    for (size_t i = 0; branches != nullptr && i < branches->size(); ++i) {
      step.branches.push_back(ReadOneBranch((*branches)[i], Pointer(reader->At("branches"), i), i, index, depth));
      if (!known.insert(step.branches.back().name).second) {
        problems_->Error(Pointer(reader->At("branches"), i), "two branches are named " + Quote(step.branches.back().name));
      }
    }
    if (!reader->Has("else")) {
      problems_->Warning(reader->path(), "a branch step has no \"else\": who matches no branch goes on after it",
                         "Add \"else\": [] to say that this is meant.");
    }
    step.otherwise = ReadList(reader->Take("else"), reader->At("else"), index, depth + 1);
    return step;
  }

  Branch ReadOneBranch(const Json& json, const std::string& path, size_t number, int32_t index, int depth) {
    ObjectReader reader(json, path, "a branch", problems_);
    Branch branch = {.name = "branch-" + std::to_string(number + 1), .condition = {}};
    if (std::optional<std::string> name = reader.Text("name")) branch.name = *std::move(name);
    if (!reader.Has("if")) reader.Missing("if", "What matches no branch goes to \"else\".");
    if (!reader.Has("steps")) reader.Missing("steps");
    if (std::optional<Condition> condition = ReadCondition(&reader)) branch.condition = *std::move(condition);
    branch.target = ReadList(reader.Take("steps"), reader.At("steps"), index, depth + 1);
    reader.Finish();
    return branch;
  }

  void ReadGotoStep(ObjectReader* reader, int32_t index, decltype(Step::body)* body) {
    *body = GotoStep{};
    if (std::optional<std::string> target = ReadGoto(reader)) gotos_.push_back({index, *std::move(target), reader->At("step")});
  }

  SplitStep ReadSplit(ObjectReader* reader, int32_t index, int depth) {
    SplitStep split;
    std::vector<bool> weighted;
    bool stated = reader->Has("paths");
    const Json::Array* paths = reader->List("paths");
    if (!stated) reader->Missing("paths", "Each is {\"name\": ..., \"weight\": 50, \"steps\": [...]}.");
    if (paths != nullptr && paths->empty()) problems_->Error(reader->At("paths"), "the list of paths is empty");
    for (size_t i = 0; paths != nullptr && i < paths->size(); ++i) {
      std::string place = Pointer(reader->At("paths"), i);
      ObjectReader one((*paths)[i], place, "a path", problems_);
      bool has_weight = false;
      split.paths.push_back(ReadSplitPath(&one, i, &has_weight));
      weighted.push_back(has_weight);
      SplitWay& path = split.paths.back();
      if (one.is_object() && !one.Has("steps") && !path.holdout) one.Missing("steps");
      size_t first = steps_.size();
      path.target = ReadList(one.Take("steps"), one.At("steps"), index, depth + 1);
      if (path.holdout) CheckHoldout(steps_, first, place, problems_);
      one.Finish();
    }
    CheckSplit(split, weighted, reader->At("paths"), problems_);
    return split;
  }

  // A list is entered into lists_ before the lists inside it, so the step that holds it already knows where it goes on.
  void LinkLists() {
    auto after = [&](int32_t owner) { return owner == kEndOfSteps ? kEndOfSteps : steps_[static_cast<size_t>(owner)].next; };
    for (const List& list : lists_) {
      if (list.last != kEndOfSteps) steps_[static_cast<size_t>(list.last)].next = after(list.owner);
    }
    for (Step& step : steps_) {
      if (auto* wait = std::get_if<WaitStep>(&step.body); wait != nullptr && wait->on_timeout == kNowhere) wait->on_timeout = step.next;
      if (auto* split = std::get_if<SplitStep>(&step.body)) {
        for (SplitWay& path : split->paths) {
          if (path.target == kNowhere) path.target = step.next;
        }
      }
      if (auto* approval = std::get_if<ApproveStep>(&step.body)) {
        for (int32_t* answer : {&approval->then.approved, &approval->then.rejected, &approval->then.timed_out}) {
          if (*answer == kNowhere) *answer = step.next;
        }
      }
      auto* body = std::get_if<BranchStep>(&step.body);
      if (body == nullptr) continue;
      if (body->otherwise == kNowhere) body->otherwise = step.next;
      for (Branch& branch : body->branches) {
        if (branch.target == kNowhere) branch.target = step.next;
      }
    }
  }

  // A step without an id is "send-2" as the second send of the document, or the next number that is free.
  void NameSteps() {
    std::map<std::string, int> counts;
    for (size_t i = 0; i < steps_.size(); ++i) {
      int number = ++counts[types_[i]];
      if (!steps_[i].id.empty()) continue;
      while (!ids_.emplace(types_[i] + '-' + std::to_string(number), steps_[i].path).second) ++number;
      steps_[i].id = types_[i] + '-' + std::to_string(number);
    }
  }

  // Whoever reads step.<id> means a step that gives something.
  void CheckResults() {
    std::vector<std::string> known;
    for (const Step& step : steps_) {
      if (GivesResult(step)) known.push_back(step.id);
    }
    context_->program.has_results = !known.empty();
    for (const auto& reference : context_->step_references) {
      const std::string &path = reference.first, &id = reference.second;
      if (std::find(known.begin(), known.end(), id) != known.end()) continue;
      const std::string near = NearestHint(id, known);
      const bool there = std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) { return step.id == id; });
      problems_->Error(path, there ? "step " + Quote(id) + " gives no result" : "there is no step " + Quote(id),
                       !near.empty()    ? near
                       : known.empty() ? "Results come from call, create, copy, task, assign and approve steps."
                                       : "Results come from " + QuoteList(known) + '.');
    }
  }

  CompileContext* context_;
  Problems* problems_;
  std::vector<Step>& steps_;
  Names names_;
  std::vector<List> lists_;
  std::vector<Jump> gotos_;
  std::vector<std::string> types_;          // as written, by index
  std::map<std::string, std::string> ids_;  // and where each is
  bool full_ = false;
};

}  // namespace

void ReadSteps(const Json& json, const std::string& path, CompileContext* context) {
  if (json.is_array() && json.array().empty()) {
    context->problems->Error(path, "the list of steps is empty", "A workflow has at least one step, like {\"type\": \"stop\"}.");
  }
  StepsReader(context).Read(json, path);
}

}  // namespace workflow::definition

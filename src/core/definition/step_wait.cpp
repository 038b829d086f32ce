#include <array>

#include "core/definition/steps.h"

namespace workflow::definition {
namespace {

constexpr std::array kOnNull = {Choice{"exit", static_cast<int>(OnNull::kExit)},
                                Choice{"continue", static_cast<int>(OnNull::kContinue)}};

bool IsMoment(TypeKind kind) { return kind == TypeKind::kDate || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestamptz; }

class WaitReader {
 public:
  WaitReader(ObjectReader* reader, Names* names, CompileContext* context)
      : reader_(*reader), names_(names), context_(context), problems_(context->problems) {}

  WaitStep Read() {
    const Json *length = reader_.Take("for"), *date = reader_.Take("until_date"), *time = reader_.Take("until_time");
    const Json *event = reader_.Take("until_event"), *condition = reader_.Take("until");
    int kinds = 0;
    for (const Json* kind : {length, date, time, event, condition}) kinds += kind != nullptr ? 1 : 0;
    if (kinds != 1) {
      problems_->Error(reader_.path(),
                       kinds == 0 ? "a wait step does not say how long" : "a wait step says in more than one way how long",
                       "It has exactly one of \"for\", \"until_date\", \"until_time\", \"until_event\" and \"until\".");
    }
    step_.at = reader_.Clock("at");
    if (length != nullptr) ReadFor(*length);
    if (date != nullptr) ReadUntilDate(*date);
    if (time != nullptr) ReadUntilTime(*time);
    ReadOpenWait(&reader_, event, condition, &step_, names_, context_);
    if (kinds == 1) ReadEnd(&reader_, &step_, context_);
    for (const char* key : {"timeout", "on_timeout", "forever"}) reader_.Allow(key);
    ReadPolicies(date != nullptr, kinds > 0);
    return step_;
  }

 private:
  void ReadFor(const Json& json) {
    step_.kind = WaitStep::Kind::kFor;
    std::optional<Duration> length = ReadLength(json, reader_.At("for"), "for", problems_);
    if (!length) return;
    if (length->is_negative()) problems_->Error(reader_.At("for"), "a wait cannot be negative");
    step_.offset = *length;
  }

  void ReadUntilTime(const Json& json) {
    step_.kind = WaitStep::Kind::kUntilTime;
    if (step_.at) problems_->Error(reader_.At("at"), "\"at\" has no place beside \"until_time\", which is the clock time");
    step_.at = ReadClock(json, reader_.At("until_time"), "until_time", problems_);
  }

  // {"field": "order.eta", "offset": "-3 days"}, or the field's name alone.
  void ReadUntilDate(const Json& json) {
    step_.kind = WaitStep::Kind::kUntilDate;
    std::string path = reader_.At("until_date");
    if (json.is_string()) {
      ReadField(json.string(), path);
      return;
    }
    ObjectReader date(json, path, "until_date", problems_);
    bool stated = date.Take("field") != nullptr;
    std::optional<std::string> field = date.Text("field");
    if (field) ReadField(*field, date.At("field"));
    if (!stated) date.Missing("field", "Name a date of the record, like \"order.delivery_date\".");
    step_.offset = date.Length("offset").value_or(Duration{});
    if (std::optional<std::string> days = date.Text("days")) ReadDays(*days, date.At("days"));
    date.Finish();
  }

  void ReadDays(const std::string& name, const std::string& path) {
    std::optional<uint32_t> index = names_->Resolve(name, path, problems_);
    if (!index) return;
    const Field& field = names_->At(*index);
    const bool inside_json = field.type.kind == TypeKind::kJson && !field.path.empty();
    if (field.type.kind != TypeKind::kInteger && field.type.kind != TypeKind::kNumeric && !inside_json) {
      problems_->Error(path, Quote(name) + " is no number of days but of type " + TypeName(field.type));
    }
    step_.days = *index;
    step_.daily = step_.daily || names_->IsSilent(field);
  }

  void ReadField(const std::string& name, const std::string& path) {
    std::optional<uint32_t> index = names_->Resolve(name, path, problems_);
    if (!index) return;
    const Field& field = names_->At(*index);
    // What a json holds is seen when the wait is taken: a text that is no date is as good as none.
    bool inside_json = field.type.kind == TypeKind::kJson && !field.path.empty();
    if (!IsMoment(field.type.kind) && !inside_json) {
      problems_->Error(path, Quote(name) + " is no date but of type " + TypeName(field.type),
                       "A wait goes by a field of type date, timestamp or timestamptz.");
    }
    step_.field = *index;
    step_.daily = step_.daily || names_->IsSilent(field);
  }

  void ReadPolicies(bool by_date, bool readable) {
    bool own = reader_.Take("if_past") != nullptr;
    step_.if_past = ReadPastRule(&reader_, context_->program.settings.if_past, problems_);
    if (own && readable && step_.if_past.policy == IfPast::kNextDay && !step_.at) {
      problems_->Error(reader_.At("if_past"), "\"next_day\" needs a clock time",
                       "Add \"at\", or use \"continue\", \"skip\" or \"exit\".");
    }
    bool has_on_null = reader_.Take("on_null") != nullptr;
    if (auto on_null = reader_.Choose("on_null", kOnNull)) step_.on_null = static_cast<OnNull>(*on_null);
    if (has_on_null && readable && !by_date) {
      problems_->Error(reader_.At("on_null"), "\"on_null\" belongs to \"until_date\", the only wait that can miss its field");
    }
  }

  ObjectReader& reader_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  WaitStep step_;
};

}  // namespace

WaitStep ReadWait(ObjectReader* reader, Names* names, CompileContext* context) { return WaitReader(reader, names, context).Read(); }

}  // namespace workflow::definition

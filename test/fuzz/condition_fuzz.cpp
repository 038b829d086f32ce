// Any document: compiling never fails but by a problem, and evaluating gives an answer that holds.
//   - a condition is the result exactly where no problem is an error
//   - with every field known and every rule of the server's answered the answer is never deferred; without answers, what it hangs on is asked
//   - a condition can be written as SQL, or a problem says why not
//   - an answer given without some fields is the answer with all of them
#include <cstdint>
#include <cstdlib>

#include "../unit/condition_scope.h"
#include "core/condition/sql.h"

namespace workflow {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

Value ValueFor(const Field& field, uint8_t choice) {
  if (choice % 4 == 0) return Value();
  static const char* const kTexts[] = {"", "a", "Ann", "2026-03-31T12:00:00Z"};
  const std::string text = kTexts[choice % 4];
  switch (field.type.kind) {
    case TypeKind::kBoolean:
      return Value(choice % 2 == 0);
    case TypeKind::kInteger:
      return Value(int64_t{choice} - 100);
    case TypeKind::kNumeric:
      return Value(*Decimal::Parse(std::to_string(choice) + ".5"));
    case TypeKind::kDate:
      return Value(Date{choice * 300});
    case TypeKind::kTimestamp:
      return Value(LocalTime{choice * kDay});
    case TypeKind::kTimestamptz:
      return Value(Instant{choice * kDay});
    case TypeKind::kList:
      return Value::OfList({Value(), field.type.element == TypeKind::kInteger ? Value(int64_t{choice}) : Value(text)});
    case TypeKind::kJson:
      if (choice % 3 == 0) return Value(text);
      if (choice % 3 == 1) return Value(*Decimal::Parse(std::to_string(choice)));
      return Value::OfJson(*Json::Parse(R"(["a", 1, true, null, {"a": []}])", nullptr));
    default:
      return Value(text);
  }
}

class PlainNames final : public SqlNames {
 public:
  std::string Of(uint32_t field, const std::string&, Problems*) const override { return "c" + std::to_string(field); }
  std::string Expression(const std::string& sql, const std::string&, Problems*) const override { return "(" + sql + ")"; }
};

void Run(std::string_view input) {
  // The first bytes choose the facts, the rest is the document.
  constexpr size_t kChoices = 16;
  if (input.size() <= kChoices) return;
  const std::string_view choices = input.substr(0, kChoices);
  std::string error;
  const std::optional<Json> json = Json::Parse(input.substr(kChoices), &error);
  if (!json) return;

  testing::TestScope scope;
  Problems problems;
  const std::optional<Condition> condition = CompileCondition(*json, "", scope, &problems);
  Require(condition.has_value() == !problems.HasErrors());
  if (!condition) return;

  std::vector<Value> values;
  for (size_t i = 0; i < scope.table.fields.size(); ++i) {
    values.push_back(ValueFor(scope.table.fields[i], static_cast<uint8_t>(choices[i % kChoices])));
  }
  std::vector<const Value*> all, some;
  for (size_t i = 0; i < values.size(); ++i) {
    all.push_back(&values[i]);
    some.push_back(choices[(i * 7 + 3) % kChoices] % 2 == 0 ? &values[i] : nullptr);
  }
  const Instant now{static_cast<uint8_t>(choices[0]) * 100 * kDay};
  const UtcZone zone;
  std::vector<Outcome> answers;
  for (size_t i = 0; i < scope.table.deferred.size(); ++i) {
    const int choice = choices[(i * 5 + 1) % kChoices] % 3;
    answers.push_back(choice == 0 ? Outcome::kFalse : choice == 1 ? Outcome::kNull : Outcome::kTrue);
  }
  std::vector<uint32_t> asked;
  const Outcome answer = Evaluate(*condition, Facts(all, answers, &asked), now, &zone);
  Require(answer != Outcome::kDeferred && asked.empty());
  const Outcome unanswered = Evaluate(*condition, Facts(all, {}, &asked), now, &zone);
  Require(unanswered == answer || (unanswered == Outcome::kDeferred && !asked.empty()));
  for (const uint32_t rule : asked) Require(rule < answers.size());
  const Outcome early = Evaluate(*condition, some, now, nullptr);
  Require(early == Outcome::kDeferred || early == answer);
  for (const uint32_t field : FieldsOf(*condition)) Require(field < values.size());
  Problems of_sql;
  Require(!ToSql(*condition, scope.table, PlainNames(), &of_sql).empty() || of_sql.HasErrors());
}

}  // namespace
}  // namespace workflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  workflow::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

// Any document: compiling never fails but by a problem, and evaluating gives an answer that holds.
//   - a condition is the result exactly where no problem is an error
//   - with every field known the answer is never deferred
//   - an answer given without some fields is the answer with all of them
#include <cstdint>
#include <cstdlib>

#include "../unit/condition_scope.h"

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
  const Outcome answer = Evaluate(*condition, all, now, &zone);
  Require(answer != Outcome::kDeferred);
  const Outcome early = Evaluate(*condition, some, now, nullptr);
  Require(early == Outcome::kDeferred || early == answer);
  for (const uint32_t field : FieldsOf(*condition)) Require(field < values.size());
}

}  // namespace
}  // namespace workflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  workflow::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

// A template is parsed or refused with a problem that has a line; what was parsed renders or fails cleanly, twice the same,
// within its limits.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/message/partials.h"
#include "core/message/template.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

class OneZone final : public workflow::ZoneFinder {
 public:
  const workflow::Zone* Find(std::string_view name) const override { return name == "UTC" ? &utc_ : nullptr; }

 private:
  workflow::UtcZone utc_;
};

// The text itself under every name but "none": what renders itself must come to an end.
class Itself final : public workflow::PartialFinder {
 public:
  explicit Itself(const workflow::Template& text) : text_(text) {}
  const workflow::Template* Find(std::string_view name) const override { return name == "none" ? nullptr : &text_; }

 private:
  const workflow::Template& text_;
};

constexpr std::string_view kData = R"({"a": [1, 2.50, "x", null, [true, {"b": 1}]], "b": {"c": "d é", "e": -1e3, "f": ""},
  "s": "<p>one two</p>\n&amp; three", "n": 12, "z": null, "t": "2026-01-31T20:15:30+07:00",
  "l": [{"k": "2", "v": 1}, {"k": "10", "v": null}, {"v": 3}]})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace workflow;
  static const Json data = *Json::Parse(kData, nullptr);
  const UtcZone utc;
  const OneZone zones;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  Problems problems;
  const auto parsed = Template::Parse(text, &problems);
  Require(parsed.ok() == !problems.HasErrors());
  if (parsed) (void)ReadsOf(*parsed, Itself(*parsed));
  for (const Problem& problem : problems.list()) Require(problem.message.rfind("line ", 0) == 0);
  if (!parsed) return 0;
  RenderContext context;
  context.data = &data;
  context.zone = &utc;
  context.zones = &zones;
  const Itself partials(*parsed);
  context.partials = &partials;
  context.limits = {1 << 16, 20000};
  context.escape_html = size % 2 == 0;
  const auto first = parsed->Render(context);
  const auto second = parsed->Render(context);
  Require(first.ok() == second.ok());
  Require(first.ok() ? *first == *second : first.failure().message == second.failure().message);
  if (!first) Require(first.failure().message.rfind("line ", 0) == 0);
  if (first) Require(first->size() <= context.limits.output_bytes_max);
  return 0;
}

// Message templates in Liquid. A template is parsed once (every problem reported with its line) and rendered often. Rendering
// reads only its arguments: data as JSON, the time, the zone. A missing value is empty, never an error; what a render can still
// meet (a limit, a filter's argument that makes no sense) is returned as an error and renders nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/instant.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/result.h"
#include "core/calendar/zone.h"

namespace workflow {

// Zones by name, for {{ x | date: "%H:%M", "Asia/Jakarta" }}. nullptr where the name is unknown.
class ZoneFinder {
 public:
  virtual ~ZoneFinder() = default;
  virtual const Zone* Find(std::string_view name) const = 0;
};

struct RenderLimits {
  size_t output_bytes_max = 1 << 20;
  size_t steps_max = 1'000'000;  // nodes rendered, loop turns included
};

struct RenderContext {
  const Json* data = nullptr;        // an object
  Instant now;                       // what "now" and "today" mean
  const Zone* zone = nullptr;        // for dates without an explicit zone; required
  const ZoneFinder* zones = nullptr; // may be absent: then an explicit zone is an error
  RenderLimits limits;
  bool escape_html = false;          // each output is HTML-escaped unless it went through `raw`
};

class Template {
 public:
  struct Node;  // private to message/

  // Problems carry "line N" at the head of their message; their path is empty (the caller knows where the text stood).
  static Result<Template> Parse(std::string_view text, Problems* problems);

  Result<std::string> Render(const RenderContext& context) const;

  // The global names the template reads, as dotted paths up to the first dynamic part: "contact.first_name", "order.lines".
  // Sorted, no repeats. Names that assign, capture or for bind are not among them.
  const std::vector<std::string>& references() const { return references_; }

 private:
  std::shared_ptr<const Node> root_;
  std::vector<std::string> references_;
};

}  // namespace workflow

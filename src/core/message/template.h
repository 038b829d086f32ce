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

class Template;

// Stored templates by the name that {% render %} or {% include %} gives. nullptr where there is none.
class PartialFinder {
 public:
  virtual ~PartialFinder() = default;
  virtual const Template* Find(std::string_view name) const = 0;
};

// One {% render 'name' %} or {% include 'name' %} of a template.
struct PartialUse {
  std::string name;                // as written: "footer", "footer@2"
  std::vector<std::string> binds;  // names that the partial is given, so that it does not read them from the data
  bool isolated = true;            // render: what the partial binds is gone afterwards
};

namespace liquid {
class Renderer;
}

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
  const PartialFinder* partials = nullptr;  // may be absent: then there are none
};

class Template {
 public:
  struct Node;  // private to message/

  // Problems carry "line N" at the head of their message; their path is empty (the caller knows where the text stood). A text that is
  // only ever part of others (`is_partial`) may leave a loop that is not its own.
  static Result<Template> Parse(std::string_view text, Problems* problems, bool is_partial = false);

  Result<std::string> Render(const RenderContext& context) const;

  // The global names the template reads, as dotted paths up to the first dynamic part: "contact.first_name", "order.lines".
  // Sorted, no repeats. Names that assign, capture or for bind are not among them.
  const std::vector<std::string>& references() const { return references_; }
  // The names that it binds itself: what includes it sees them afterwards.
  const std::vector<std::string>& binds() const { return binds_; }
  const std::vector<PartialUse>& partials() const { return partials_; }
  // Its first character that is no white space begins a tag of HTML.
  bool looks_like_html() const { return looks_like_html_; }

 private:
  friend class liquid::Renderer;
  std::shared_ptr<const Node> root_;
  std::vector<std::string> references_;
  std::vector<std::string> binds_;
  std::vector<PartialUse> partials_;
  bool looks_like_html_ = false;
};

}  // namespace workflow

#include <algorithm>
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kDays = {Choice{"mon", 0}, Choice{"tue", 1}, Choice{"wed", 2}, Choice{"thu", 3},
                              Choice{"fri", 4}, Choice{"sat", 5}, Choice{"sun", 6}};
constexpr uint8_t kEveryDay = 0x7f;

class WindowReader {
 public:
  WindowReader(const Json& json, const std::string& path, Problems* problems)
      : problems_(problems), reader_(json, path, "a send window", problems) {}

  void ReadInto(SendWindow* all) {
    Window window;
    bool has_days = ReadDays(&window);
    const Json* from = reader_.Take("from");
    const Json* to = reader_.Take("to");
    if (from != nullptr) window.from = ReadClock(*from, reader_.At("from"), "from", problems_).value_or(ClockTime{});
    if (to != nullptr) window.to = ReadEnd(*to);
    if (from != nullptr && window.from == window.to && window.from != ClockTime{}) {
      problems_->Error(reader_.At("to"), "a window that ends when it begins is empty",
                       "Leave out \"from\" and \"to\" for a whole day.");
    }
    bool has_except = ReadExcept(all);
    if (reader_.is_object() && !has_days && from == nullptr && to == nullptr && !has_except) {
      problems_->Error(reader_.path(), "a send window says nothing", "It has \"days\", \"from\" and \"to\", or \"except\".");
    }
    if (has_days || from != nullptr || to != nullptr) all->windows.push_back(window);
    reader_.Finish();
  }

 private:
  bool ReadDays(Window* window) {
    const Json::Array* days = reader_.List("days");
    if (days == nullptr) return false;
    if (days->empty()) problems_->Error(reader_.At("days"), "the list of days is empty", "Leave it out for every day.");
    window->days = 0;
    for (size_t i = 0; i < days->size(); ++i) {
      std::optional<int> day = ReadChoice((*days)[i], Pointer(reader_.At("days"), i), "days", kDays, problems_);
      if (day) window->days |= static_cast<uint8_t>(1U << static_cast<unsigned>(*day));
    }
    return true;
  }

  // The end of a day is 24:00 to people and 00:00 to a window.
  ClockTime ReadEnd(const Json& json) {
    if (json.is_string() && json.string() == "24:00") return {};
    return ReadClock(json, reader_.At("to"), "to", problems_).value_or(ClockTime{});
  }

  bool ReadExcept(SendWindow* all) {
    const Json::Array* dates = reader_.List("except");
    if (dates == nullptr) return false;
    for (size_t i = 0; i < dates->size(); ++i) {
      const Json& item = (*dates)[i];
      std::optional<Date> date = item.is_string() ? ParseDate(item.string()) : std::nullopt;
      if (date) {
        all->except.push_back(*date);
      } else {
        problems_->Error(Pointer(reader_.At("except"), i), "an item of \"except\" must be a date",
                         "Dates are written \"2026-12-25\".");
      }
    }
    return true;
  }

  Problems* problems_;
  ObjectReader reader_;
};

}  // namespace

SendWindow ReadSendWindow(const Json& json, const std::string& path, Problems* problems) {
  SendWindow window;
  if (json.is_string() && json.string() == "any") return window;
  if (!json.is_array()) {
    problems->Error(path, "\"send_window\" must be \"any\" or a list of windows",
                    "A window is {\"days\": [\"mon\"], \"from\": \"09:00\", \"to\": \"17:00\"}.");
    return window;
  }
  if (json.array().empty()) problems->Error(path, "the list of windows is empty", "Write \"any\" for no restriction.");
  for (size_t i = 0; i < json.array().size(); ++i) WindowReader(json.array()[i], Pointer(path, i), problems).ReadInto(&window);
  // With exceptions only, every other day is open from end to end.
  if (window.windows.empty() && !window.except.empty()) window.windows.push_back({.days = kEveryDay, .from = {}, .to = {}});
  std::sort(window.except.begin(), window.except.end());
  window.except.erase(std::unique(window.except.begin(), window.except.end()), window.except.end());
  return window;
}

}  // namespace workflow::definition

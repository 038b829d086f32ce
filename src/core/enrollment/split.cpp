// split and goto.
#include "core/enrollment/walk.h"

namespace workflow::enrollment {
namespace {

// FNV-1a, and a finish that spreads its last bits: the same texts take the same way for ever, on every machine.
uint64_t HashOf(const std::string& text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

}  // namespace

// By who it is, not by chance: who enters again, or comes by once more, takes the same path.
bool Walk::Take(const Step& step, const SplitStep& split) {
  ++state().visit;
  uint64_t total = 0;
  for (const SplitWay& path : split.paths) total += static_cast<uint64_t>(path.weight);
  if (total == 0) return MoveTo(step.next);
  uint64_t place = HashOf(around_.identity + '\x1f' + step.id) % total;
  for (const SplitWay& path : split.paths) {
    if (place >= static_cast<uint64_t>(path.weight)) {
      place -= static_cast<uint64_t>(path.weight);
      continue;
    }
    Trace("split", path.holdout ? path.name + " (control group)" : path.name);
    if (path.holdout) state().holdout = step.id + '/' + path.name;
    return MoveTo(path.target);
  }
  return MoveTo(step.next);
}

bool Walk::Take(const Step& step, const GotoStep& jump) {
  ++state().visit;
  return CountGoto(step) && MoveTo(jump.target);
}

bool Walk::CountGoto(const Step& step) {
  left_ = program_.steps.size() + 2;
  if (++state().gotos <= kGotosWithoutRestMax) return true;
  End(EndReason::kError, "a loop without a wait: goto " + step.id + " after " + std::to_string(kGotosWithoutRestMax) + " others");
  return false;
}

}  // namespace workflow::enrollment

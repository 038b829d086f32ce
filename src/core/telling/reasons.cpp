#include "core/telling/reasons.h"

#include <algorithm>
#include <array>

namespace workflow {
namespace {

struct Sentence {
  std::string_view word, text;
};

constexpr std::array kRefusals = {
    Sentence{"already_live", "it is in this workflow already with this entry key, and a second time at once is not allowed (while_live: ignore)"},
    Sentence{"reentry", "it has been in this workflow before, and the setting reentry does not let it in once more after the way it left"},
    Sentence{"cooldown", "it may come again, but the cooldown since it left is not over"},
    Sentence{"duplicate_event", "this very event has entered this workflow before"},
    Sentence{"goal_met", "a goal of the workflow is met already, and met_at_entry does not let it in"},
    Sentence{"loop", "the event comes from this workflow's own doing for the same entry key, or this key has entered more than 20 times within an hour"},
    Sentence{"paused", "the workflow was paused"},
    Sentence{"archived", "the workflow was archived"},
    Sentence{"not_published", "the workflow was not published"},
    Sentence{"unresolved_contact", "no contact was found for the row of the event; it is tried again when one comes"},
    Sentence{"not_live", "the contact, or the row of the event, was gone or no longer live when the event was read"},
    Sentence{"no_entry_key", "a field of the entry key was empty, so there was nothing to enter by"},
    Sentence{"filter", "the filter of the trigger was not true"},
    Sentence{"broken_source", "the table of the event does not fit its binding any more; it is tried again"},
    Sentence{"broken_version", "the version does not compile any more; it is tried again"},
    Sentence{"error", "deciding about the event failed; it is tried again"},
};

constexpr std::array kEnds = {
    Sentence{"completed", "it has taken its last step"},
    Sentence{"goal", "it has reached a goal"},
    Sentence{"response", "the contact has answered (stop_on_response)"},
    Sentence{"removed", "it was removed by hand or by another workflow"},
    Sentence{"unsubscribed", "the contact has withdrawn its consent (exit_on_unsubscribe)"},
    Sentence{"condition", "a condition to leave was met"},
    Sentence{"record_deleted", "the contact or the row it entered by is gone or no longer live"},
    Sentence{"error", "a step failed for good"},
    Sentence{"archived", "the workflow was archived by force"},
    Sentence{"superseded", "another entry took its place"},
    Sentence{"merged", "the contact was merged into another one who is in this workflow"},
    Sentence{"stopped", "a stop step ended it"},
};

// Words of the history, with what stands before their detail.
constexpr std::array kHappenings = {
    Sentence{"entered", "let in by"},
    Sentence{"late", "its time had passed when it came here, by less than the grace, so it goes on at once; it"},
    Sentence{"skipped", "passed over:"},
    Sentence{"branch", "the branch taken is"},
    Sentence{"split", "by chance, and for this entry always the same:"},
    Sentence{"held", "the send window is closed; the message waits"},
    Sentence{"sent", "the message was written to the outbox"},
    Sentence{"suppressed", "the message was written but does not go out:"},
    Sentence{"retried", "an operator had the failed step taken again"},
    Sentence{"changed", "the row was changed"},
    Sentence{"tagged", "tags were changed"},
    Sentence{"created", "a row was made"},
    Sentence{"copied", "a row was copied"},
    Sentence{"task", "a task was made"},
    Sentence{"assigned", "an owner was chosen"},
    Sentence{"called", "a function was called"},
    Sentence{"emitted", "an event was emitted:"},
    Sentence{"enrolled", "it was sent into workflow"},
    Sentence{"unenrolled", "it was taken out of workflow"},
    Sentence{"subscribed", "it was subscribed to"},
    Sentence{"unsubscribed", "it was unsubscribed from"},
    Sentence{"asked", "somebody was asked to approve; it waits for the answer"},
    Sentence{"approved", "it was approved:"},
    Sentence{"rejected", "it was rejected:"},
    Sentence{"waiting", "it waits"},
    Sentence{"met", "what it waited for has come:"},
    Sentence{"timed_out", "the timeout came first; it waited for"},
    Sentence{"goal", "reached goal"},
    Sentence{"failed", "the step failed and is tried again:"},
};

constexpr std::array kNotPlayed = {
    Sentence{"called", "the function is not called: its result is empty in what follows"},
    Sentence{"emitted", "no other workflow hears it here"},
    Sentence{"enrolled", "the other workflow is not played, so nothing comes of it here"},
    Sentence{"unenrolled", "the other workflow is not played, so nothing comes of it here"},
    Sentence{"settle", "the trigger would first wait until the row has been quiet; here it lets in at once"},
};

template <typename List>
std::string_view Find(const List& list, std::string_view word) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Sentence& one) { return one.word == word; });
  return found == list.end() ? std::string_view() : found->text;
}

}  // namespace

std::string RefusalSentence(std::string_view reason) {
  const std::string_view text = Find(kRefusals, reason);
  return std::string(text.empty() ? reason : text);
}

std::string NotPlayedSentence(std::string_view what) { return std::string(Find(kNotPlayed, what)); }

std::string EndSentence(std::string_view detail) {
  const size_t colon = detail.find(": ");
  const std::string_view text = Find(kEnds, detail.substr(0, colon));
  if (text.empty()) return std::string(detail);
  return std::string(text) + (colon == detail.npos ? std::string() : ": " + std::string(detail.substr(colon + 2)));
}

std::string HappeningSentence(std::string_view what, std::string_view detail) {
  if (what == "ended") return EndSentence(detail);
  std::string_view text = Find(kHappenings, what);
  if (text.empty()) return std::string(detail);
  if (detail.empty() && text.ends_with(':')) text.remove_suffix(1);
  return std::string(text) + (detail.empty() ? std::string() : (text.ends_with(':') || text.find(' ') != text.npos ? " " : ": ") + std::string(detail));
}

}  // namespace workflow

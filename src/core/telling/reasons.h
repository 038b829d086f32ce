// The words that states and refusals are stored by, as sentences for people who ask why.
#pragma once

#include <string>
#include <string_view>

namespace workflow {

// Why an event did not enroll: one of the words of workflow.refusals. A word that is not known comes back as it is.
std::string RefusalSentence(std::string_view reason);
// What one line of the history means: its word and its detail. Empty where the word says all there is to say.
std::string HappeningSentence(std::string_view what, std::string_view detail);
// What a simulation leaves out where it comes to a line of this word: what the server, other workflows or time would do. Empty where it leaves out nothing.
std::string NotPlayedSentence(std::string_view what);
// Why an enrollment ended, by the detail of its last line ("goal: bought").
std::string EndSentence(std::string_view detail);

}  // namespace workflow

// Workflows that fail again and again (semantics 28): failures in a row are counted, and after so many the workflow is suspended.
#pragma once

#include "pg/round/batch.h"

namespace workflow::pg {

std::map<int32_t, int32_t> ReadFailing();
// An enrollment of the version has gone a step further.
void NoteSuccess(RoundContext* context, int32_t version);
void NoteFailure(RoundContext* context, const Failure& failure);

}  // namespace workflow::pg

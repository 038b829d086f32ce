// The bodies of steps, each type read by a file of its own. The reader stands on the step's object; `type`, `id` and `if` are
// read by the caller, which also reports the keys that nobody asked for.
#pragma once

#include "core/definition/sections.h"

namespace workflow::definition {

SendStep ReadSend(ObjectReader* reader, Names* names, CompileContext* context);
WaitStep ReadWait(ObjectReader* reader, Names* names, CompileContext* context);
SetStep ReadSet(ObjectReader* reader, const Json& step, Names* names, CompileContext* context);
TagStep ReadTag(ObjectReader* reader, Names* names, CompileContext* context);
StopStep ReadStop(ObjectReader* reader, CompileContext* context);

}  // namespace workflow::definition

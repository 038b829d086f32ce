// The bodies of steps, each type read by a file of its own. The reader stands on the step's object; `type`, `id` and `if` are
// read by the caller, which also reports the keys that nobody asked for.
#pragma once

#include "core/definition/sections.h"

namespace workflow::definition {

SendStep ReadSend(ObjectReader* reader, Names* names, CompileContext* context);
WaitStep ReadWait(ObjectReader* reader, Names* names, CompileContext* context);
// The rest of a wait for something to happen (step_until.cpp), and the end that such a wait must have.
void ReadOpenWait(ObjectReader* reader, const Json* event, const Json* condition, WaitStep* wait, Names* names, CompileContext* context);
void ReadEnd(ObjectReader* reader, WaitStep* wait, CompileContext* context);
WaitStep ReadGoalStep(ObjectReader* reader, CompileContext* context);
// The parts of a split that are no steps (step_split.cpp). `weighted`: which paths state a weight. The steps of a holdout path begin at `first`.
SplitWay ReadSplitPath(ObjectReader* reader, size_t number, bool* weighted);
void CheckSplit(const SplitStep& split, const std::vector<bool>& weighted, const std::string& path, Problems* problems);
void CheckHoldout(const std::vector<Step>& steps, size_t first, const std::string& path, Problems* problems);
std::optional<std::string> ReadGoto(ObjectReader* reader);
SetStep ReadSet(ObjectReader* reader, const Json& step, Names* names, CompileContext* context);
TagStep ReadTag(ObjectReader* reader, Names* names, CompileContext* context);
StopStep ReadStop(ObjectReader* reader, CompileContext* context);
NotifyStep ReadNotify(ObjectReader* reader, Names* names, CompileContext* context);
WebhookStep ReadWebhook(ObjectReader* reader, Names* names, CompileContext* context);
CreateStep ReadCreate(ObjectReader* reader, Names* names, CompileContext* context);
CopyStep ReadCopy(ObjectReader* reader, Names* names, CompileContext* context);
TaskStep ReadTask(ObjectReader* reader, Names* names, CompileContext* context);
AssignStep ReadAssign(ObjectReader* reader, Names* names, CompileContext* context);
// Without its lists of steps, which are the caller's to read.
ApproveStep ReadApprove(ObjectReader* reader, Names* names, CompileContext* context);
CallStep ReadCall(ObjectReader* reader, Names* names, CompileContext* context);
EmitStep ReadEmit(ObjectReader* reader, Names* names, CompileContext* context);
EnrollStep ReadEnroll(ObjectReader* reader, Names* names, CompileContext* context);
UnenrollStep ReadUnenroll(ObjectReader* reader, Names* names, CompileContext* context);
SubscribeStep ReadSubscribe(ObjectReader* reader, bool subscribed, CompileContext* context);

}  // namespace workflow::definition

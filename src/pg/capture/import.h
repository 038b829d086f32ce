// What is written under pg_workflow.capture = 'tag:NAME' enrolls nobody, now or later; which rows these are is remembered, so that enroll_existing() can take
// them. They are kept in a journal of their own, in memory that ends with the transaction, and appended to workflow.imported before it commits.
#pragma once

#include "pg/capture/buffer.h"

namespace workflow::pg {

// Of this backend. Made by RegisterCapture().
extern Journal* imports;

// How to find the key in rows of this table; nullptr where it cannot be (a fault is reported). Good until the transaction ends.
const RelationPlan* ImportPlanFor(Relation relation, const char* source_name, const char* tag);

// Writes down what the transaction has imported so far.
void FlushImports();
void ForgetImportPlans() noexcept;

}  // namespace workflow::pg

// Looking through the rows of a source in the order of their keys, a piece at a time: which of them may be for which trigger of a program. What SQL can say
// of a filter is said; the core decides about those that are found.
#pragma once

#include <string>
#include <vector>

#include "core/calendar/recurrence.h"
#include "pg/round/rows.h"

namespace workflow::pg {

struct ScanWindow { Instant after, until; };  // of dates: when they fall due

struct FoundRow {
  std::string key;
  std::vector<int32_t> triggers;  // indexes into the program's
};

// Whose rows are to be looked through where policies tell tenants apart, one account after the other: that of the caller or of the workflow; all, at once,
// where who attached is above policies; else those that are known here, by set_account() or an enrollment. Of other tables what the caller named.
std::vector<std::string> AccountsToScan(const Source& source, const std::string& callers, const std::string& workflows);
// As which tenant the rows of one of them are read. SqlError where that must be known and is not.
Tenant TenantToScan(const Source& source, const std::string& account);

class RowScan {
 public:
  // `triggers`: those to look for; none: every row is found. `as_inserted`: the row must be one whose insertion would make the trigger's event.
  RowScan(const Source& source, const Program& program, const std::vector<int32_t>& triggers, bool as_inserted, const std::optional<ScanWindow>& window,
          const std::optional<std::string>& import, const std::string& account);

  // Of the next rows after `cursor`, at most `most_looked`, those that are found, at most `most_found`. The cursor moves with them.
  std::vector<FoundRow> Next(int most_looked, int most_found);

  std::optional<std::string> cursor = {};  // the key of the last row looked at; none: the beginning
  bool at_end = false;
  int64_t looked = 0;

 private:
  std::vector<std::string> NextImported(int most);
  std::string Predicates() const;

  const Source& source_;
  const std::vector<int32_t> triggers_;
  std::vector<std::string> predicates_;  // of the triggers
  const std::optional<std::string> import_;
  const std::string account_;
};

// The triggers of a program whose events rows of this source could have made, or that look at its rows anyhow: what enroll_existing() goes by without a
// filter.
std::vector<int32_t> TriggersForExisting(const Source& source, const Program& program);

}  // namespace workflow::pg

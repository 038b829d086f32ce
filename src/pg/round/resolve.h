// The way from a row to its contact (attach.md 3): the routes of the source's binding in order, set-wise, until one finds somebody.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "pg/round/rows.h"

namespace workflow::pg {

struct ResolveRequest {
  const Source* source = nullptr;
  std::string row_key;
  std::string account;
  const Json* row = nullptr;          // the recorded row: {"field": "text"}
  bool read_again = false;            // it led nowhere when it was recorded: the row as it is now may
  const std::vector<ContactRoute>* routes = nullptr;  // others than the binding's own
  const ResolveRequest* reply = nullptr;              // of the same row: who wrote it, where that is found another way
  std::vector<std::string> contacts = {};  // out: keys in the contact source; empty: unresolved
  std::vector<std::string> lookup = {};    // out: "email=a@b.test": what a new contact may match
};

// The contact source that rows of `source` belong to: itself, else the one in the same schema, else the only one. nullptr: none is attached.
const Source* ContactSource(const Registry& registry, const Source& source);
// Of a contact that is named by its key alone: the contact source of this account, else the first.
const Source* DefaultContactSource(const Registry& registry, const std::string& account);

void ResolveContacts(const Registry& registry, RowStore* rows, std::vector<ResolveRequest>* requests);

}  // namespace workflow::pg

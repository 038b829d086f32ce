// A table that ties rows of an attached one to words: their tags, the campaigns they are in. Each of its rows is one tie.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace workflow {

struct Binding;

struct TableName {
  std::string schema, name;
};

// What a column of a row that a step writes is given.
struct WrittenColumn {
  enum class By : uint8_t { kText, kNull, kNow, kUuid };
  std::string column;
  By by = By::kText;
  std::string text = {};
};

struct Membership {
  struct Hop {
    TableName table;
    std::string key;      // the column that equals what is held so far
    std::string gives;    // the column that is held from here on
    std::vector<std::string> path = {};  // a place inside of it, where it is jsonb
    bool as_text = false; // the two are compared by their texts
  };

  std::string word;                     // "tag", "campaign": what its events call it
  TableName table;
  std::shared_ptr<const Binding> rows;  // its own columns, what tells them apart, whose they are (`account`), which of them count (`live`)
  std::vector<std::string> owner;       // columns with the owner's key, part by part
  std::vector<bool> owner_as_text;      // compared by their texts
  std::string member;                   // the column with the word, or with what leads to it
  std::vector<Hop> hops;                // to the word; none: `member` holds it
  // What a step does.
  std::vector<WrittenColumn> only;      // what each of its rows has, though it did not count
  std::vector<WrittenColumn> add;       // of a new row, beside owner and member
  std::vector<WrittenColumn> revive;    // of a row that is there and did not count
  std::optional<std::vector<WrittenColumn>> remove;  // of a row that shall not count any more; none: it is deleted
  std::string unwritable;               // why no row can be added; empty: one can
  bool creates = false;                 // a word that is not there is added to the table of the words
  std::vector<WrittenColumn> create;    // of such a row, beside the word
  std::string word_account;             // column of the table of the words that says whose they are; empty: everybody's
};

// The pieces of a query: rows of the table are "?j"; every name is quoted and qualified.
std::string MembershipFrom(const Membership& membership);
std::string MembershipWord(const Membership& membership);
std::string HopWord(const Membership::Hop& hop, const std::string& row);  // the word of a row of the last table, as a text
std::string MembershipLive(const Membership& membership);  // "true" where every row counts
// The words of the row called `row` (quoted as it has to be) as a text[]: sorted, each once, empty where there are none.
std::string MembershipWords(const Membership& membership, const Binding& owner, const std::string& row);

}  // namespace workflow

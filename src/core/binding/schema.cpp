// For editors. It refuses nothing that CompleteBinding accepts, and knows nothing of the relation: names are checked on
// attaching. null is allowed wherever a key may be left out, because a completed document says so.
#include "core/binding/binding.h"

namespace workflow {

const char* BindingSchema() {
  return R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Binding of a table to pg_workflow",
  "description": "What the rows of one table of a CRM are, given to workflow.attach(). A key that is left out takes its default.",
  "type": "object",
  "required": ["entity"],
  "additionalProperties": false,
  "properties": {
    "entity": {
      "description": "What a row is: contact, order, opportunity, or any other word.",
      "type": "string",
      "pattern": "^[a-z][a-z0-9_]*$",
      "not": {"enum": ["old", "event", "enrollment", "message", "step", "workflow"]}
    },
    "key": {
      "description": "The columns that tell rows apart. Default: the primary key.",
      "anyOf": [{"$ref": "#/$defs/columns"}, {"type": "null"}]
    },
    "account": {
      "description": "The tenant: a column, or one text for all rows. Default: one tenant.",
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {"type": "object", "required": ["value"], "additionalProperties": false, "properties": {"value": {"$ref": "#/$defs/text"}}},
        {"type": "null"}
      ]
    },
    "at": {
      "description": "The column that tells when a row came to be. Default: the start of the transaction that wrote it.",
      "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]
    },
    "contact": {
      "description": "The ways to the contact of a row, tried in order. Left out where the row is a contact.",
      "anyOf": [
        {"$ref": "#/$defs/route"},
        {"type": "array", "items": {"$ref": "#/$defs/route"}},
        {"type": "null"}
      ]
    },
    "fields": {
      "description": "Names for filters and templates, beside the columns' own.",
      "type": ["object", "null"],
      "additionalProperties": {"$ref": "#/$defs/field"}
    },
    "tags": {
      "description": "The column with the row's tags: an array of text or of an enum, or jsonb; or a table with a row for each. null: none.",
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {
          "type": "object",
          "required": ["through", "owner", "tag"],
          "additionalProperties": false,
          "properties": {
            "through": {"$ref": "#/$defs/through"},
            "owner": {"$ref": "#/$defs/owner"},
            "tag": {"$ref": "#/$defs/way"},
            "only": {"$ref": "#/$defs/only"},
            "live": {"$ref": "#/$defs/live_rows"},
            "add": {"$ref": "#/$defs/columns_given"},
            "remove": {"$ref": "#/$defs/removal"},
            "create": {"$ref": "#/$defs/creation"}
          }
        },
        {"type": "null"}
      ]
    },
    "lines": {
      "description": "The table with a row's lines: order.lines in texts, and for how many days their products last.",
      "anyOf": [
        {
          "type": "object",
          "required": ["table", "order"],
          "additionalProperties": false,
          "properties": {
            "table": {"$ref": "#/$defs/text"},
            "order": {"$ref": "#/$defs/owner"},
            "product": {"anyOf": [{"$ref": "#/$defs/owner"}, {"type": "null"}]},
            "use_days": {
              "description": "A column of the line, or products.use_days.",
              "anyOf": [
                {"$ref": "#/$defs/text"},
                {
                  "type": "object",
                  "required": ["table", "column"],
                  "additionalProperties": false,
                  "properties": {"table": {"$ref": "#/$defs/text"}, "key": {"anyOf": [{"$ref": "#/$defs/owner"}, {"type": "null"}]}, "column": {"$ref": "#/$defs/text"}}
                },
                {"type": "null"}
              ]
            },
            "only": {"$ref": "#/$defs/only"},
            "live": {"$ref": "#/$defs/live_rows"}
          }
        },
        {"type": "null"}
      ]
    },
    "campaigns": {
      "description": "Of contacts: the table that says which campaigns (lists) of the CRM they are in.",
      "anyOf": [
        {
          "type": "object",
          "required": ["through", "owner", "campaign"],
          "additionalProperties": false,
          "properties": {
            "through": {"$ref": "#/$defs/through"},
            "owner": {"$ref": "#/$defs/owner"},
            "campaign": {"$ref": "#/$defs/way"},
            "only": {"$ref": "#/$defs/only"},
            "live": {"$ref": "#/$defs/live_rows"},
            "add": {"$ref": "#/$defs/columns_given"},
            "remove": {"$ref": "#/$defs/removal"},
            "create": {"$ref": "#/$defs/creation"}
          }
        },
        {"type": "null"}
      ]
    },
    "events": {
      "description": "What may happen to a row beside created, updated and deleted. The entity may be left out of a name.",
      "type": ["object", "null"],
      "propertyNames": {"pattern": "^([a-z][a-z0-9_]*[.])?[a-z][a-z0-9_]*$"},
      "additionalProperties": {"$ref": "#/$defs/event"}
    },
    "live": {
      "description": "Which rows count as there. Default: all.",
      "anyOf": [{"$ref": "#/$defs/condition"}, {"type": "null"}]
    },
    "zone": {
      "description": "Where a contact's time zone comes from; the first known one counts. Default: the account's.",
      "anyOf": [
        {"$ref": "#/$defs/zone"},
        {"type": "array", "items": {"$ref": "#/$defs/zone"}},
        {"type": "null"}
      ]
    },
    "lookup": {"description": "Read only: no trigger, no events. Views need it.", "type": ["boolean", "null"]},
    "replicated": {"description": "Also follow rows that logical replication applies.", "type": ["boolean", "null"]},
    "backfill": {
      "description": "Which rows that are already there make their events: none, all, or those from a date on.",
      "anyOf": [
        {"enum": ["none", "all", null]},
        {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
      ]
    },
    "consent": {
      "description": "When messages to the contact may go out, told by this row. All rules count.",
      "anyOf": [
        {"$ref": "#/$defs/consent"},
        {"type": "array", "items": {"$ref": "#/$defs/consent"}},
        {"type": "null"}
      ]
    },
    "replies": {
      "description": "Rows that are messages to us: which of them are a contact's reply.",
      "anyOf": [
        {"type": "null"},
        {"type": ["array", "object"], "maxItems": 0, "maxProperties": 0},
        {
          "type": "object",
          "required": ["channel"],
          "additionalProperties": false,
          "properties": {
            "contact": {
              "description": "The ways to who wrote it. Default: the row's contact.",
              "anyOf": [{"$ref": "#/$defs/route"}, {"type": "array", "items": {"$ref": "#/$defs/route"}}, {"type": "null"}]
            },
            "channel": {
              "description": "A column or a field, or a channel for all rows.",
              "anyOf": [
                {"$ref": "#/$defs/text"},
                {
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "column": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]},
                    "map": {"type": ["object", "null"], "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/text"}},
                    "value": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]}
                  }
                }
              ]
            },
            "when": {"description": "Which rows, or changes of rows, are replies. Default: every row.", "anyOf": [{"$ref": "#/$defs/condition"}, {"type": "null"}]},
            "auto_reply": {"description": "Which of them a machine has written.", "anyOf": [{"$ref": "#/$defs/condition"}, {"type": "null"}]},
            "at": {"description": "The column that tells when it came.", "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]}
          }
        }
      ]
    },
    "tenant_setting": {
      "description": "A setting of the server that policies of row-level security read: it is set to the account wherever rows are read or written.",
      "anyOf": [
        {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_$]*([.][A-Za-z_][A-Za-z0-9_$]*)+$"},
        {"$ref": "#/$defs/not_supported"}
      ]
    }
  },
  "$defs": {
    "text": {"type": "string", "pattern": "[^ \\t\\r\\n]"},
    "columns": {
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {"type": "array", "items": {"$ref": "#/$defs/text"}, "minItems": 1, "uniqueItems": true}
      ]
    },
    "through": {"description": "The table whose rows tie rows here to words.", "$ref": "#/$defs/text"},
    "owner": {"description": "Its columns that hold the key of a row here, part by part.", "$ref": "#/$defs/columns"},
    "way": {
      "description": "Its column with the word; or the way to it: a column, the column of another table that equals it, the one that is taken.",
      "anyOf": [{"$ref": "#/$defs/text"}, {"type": "array", "items": {"$ref": "#/$defs/text"}, "minItems": 3}]
    },
    "only": {
      "description": "Columns of that table and what they must hold: one value, or one of a list.",
      "type": ["object", "null"]
    },
    "live_rows": {"description": "Which of its rows count. Default: all.", "anyOf": [{"$ref": "#/$defs/condition"}, {"type": "null"}]},
    "columns_given": {"description": "What a row that a step adds is given beside.", "type": ["object", "null"]},
    "removal": {
      "description": "What a step does with a row that shall not count any more: what it is given, or delete.",
      "anyOf": [{"enum": ["delete", null]}, {"type": "object"}]
    },
    "creation": {"description": "Whether a step may add a word that is not there to the table of the words.", "type": ["boolean", "null"]},
    "route": {
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "column": {
              "description": "Columns that hold the contact's key, part by part.",
              "anyOf": [{"$ref": "#/$defs/columns"}, {"type": "null"}]
            },
            "match": {
              "description": "Fields of the contact, each with the column here that equals it.",
              "type": ["object", "null"],
              "minProperties": 1,
              "additionalProperties": {"$ref": "#/$defs/text"}
            },
            "sql": {
              "description": "One SELECT of the contact's key, with the row as row.<column>.",
              "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]
            }
          }
        }
      ]
    },
    "consent": {
      "type": "object",
      "required": ["allowed_when"],
      "additionalProperties": false,
      "properties": {
        "channel": {"description": "Default: every channel.", "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]},
        "category": {
          "description": "marketing: that alone; informational, the default: marketing too; transactional: everything.",
          "enum": ["marketing", "informational", "transactional", null]
        },
        "allowed_when": {
          "description": "A condition on the row, or one SELECT of a boolean with the row as row.<column>.",
          "anyOf": [
            {"$ref": "#/$defs/condition"},
            {"type": "object", "required": ["sql"], "additionalProperties": false, "properties": {"sql": {"$ref": "#/$defs/text"}}}
          ]
        }
      }
    },
    "field": {
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {
          "type": "object",
          "required": ["column"],
          "additionalProperties": false,
          "properties": {
            "column": {"$ref": "#/$defs/text"},
            "type": {
              "description": "What the column is: its own type, said for the reader.",
              "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]
            },
            "at": {
              "description": "Of a date: when on that day is meant.",
              "anyOf": [{"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}, {"type": "null"}]
            },
            "zone": {
              "description": "Of a date or a timestamp without time zone: the zone it is meant in.",
              "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]
            }
          }
        },
        {
          "type": "object",
          "required": ["sql", "type"],
          "additionalProperties": false,
          "properties": {
            "sql": {"description": "One SELECT, with the row as row.<column>, run after commit.", "$ref": "#/$defs/text"},
            "type": {"enum": ["boolean", "integer", "numeric", "text", "uuid", "date", "timestamp", "timestamptz", "json", "text[]"]}
          }
        }
      ]
    },
    "event": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "properties": {
        "once": {"description": "At most once as long as the row lives, or with each transaction.", "type": ["boolean", "null"]},
        "when": {
          "description": "The change that makes it. The derived events take none.",
          "anyOf": [{"$ref": "#/$defs/condition"}, {"type": "null"}]
        },
        "at": {
          "description": "The column that tells when it happened. Default: the start of the transaction.",
          "anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]
        }
      }
    },
    "zone": {
      "anyOf": [
        {"$ref": "#/$defs/text"},
        {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "column": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]},
            "map": {
              "description": "A value of the column, and its zone.",
              "type": ["object", "null"],
              "minProperties": 1,
              "additionalProperties": {"$ref": "#/$defs/text"}
            },
            "sql": {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]}
          }
        }
      ]
    },
    "condition": {
      "description": "A rule, a group of rules, or a list of them that must all hold.",
      "type": ["object", "array"],
      "items": {"type": "object"},
      "properties": {
        "combinator": {"enum": ["and", "or", "AND", "OR", "And", "Or", null]},
        "rules": {"type": ["array", "null"]},
        "field": {"type": ["string", "null"]},
        "operator": {"type": ["string", "null"]}
      }
    },
    "not_supported": {
      "description": "Not supported by this version: null or empty.",
      "type": ["null", "array", "object"],
      "maxItems": 0,
      "maxProperties": 0
    }
  }
})json";
}

}  // namespace workflow

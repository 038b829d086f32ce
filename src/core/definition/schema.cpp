// For editors: it refuses nothing that the compiler accepts. What depends on the attached tables, and what two members say together,
// is the compiler's to find.
#include "core/definition/compile.h"

namespace workflow {

const char* DefinitionSchema() {
  return R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Workflow of pg_workflow",
  "description": "What enters a workflow and what happens to it, given to workflow.create_workflow().",
  "type": "object",
  "required": ["triggers", "steps"],
  "additionalProperties": false,
  "properties": {
    "description": {"description": "For people.", "type": "string"},
    "triggers": {
      "description": "Events that enter a contact; any of them may.",
      "type": "array",
      "minItems": 1,
      "items": {"$ref": "#/$defs/trigger"}
    },
    "settings": {"$ref": "#/$defs/settings"},
    "goals": {"description": "Not supported by this version.", "type": "array", "maxItems": 0},
    "steps": {"description": "What happens, in order.", "type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
  },
  "$defs": {
    "text": {"type": "string", "minLength": 1},
    "template": {"description": "A text that may hold Liquid: {{ contact.first_name }}.", "type": "string"},
    "duration": {
      "description": "Numbers and units: 3 days, 1 hour 30 minutes.",
      "type": "string",
      "pattern": "^ *[+-]?[0-9]+ +(year|month|mon|week|day|hour|minute|min|second|sec|millisecond|microsecond)s?( +[+-]?[0-9]+ +(year|month|mon|week|day|hour|minute|min|second|sec|millisecond|microsecond)s?)* *$"
    },
    "clock": {"description": "A time of the day: 09:00.", "type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},

    "trigger": {
      "type": "object",
      "required": ["on"],
      "additionalProperties": false,
      "properties": {
        "on": {
          "description": "An event, like order.paid, or a name of your own that emit() sends; manual: by enroll() only.",
          "type": "string",
          "pattern": "^(manual|[^.\\u0000-\\u0020\\u007f\"]+(\\.[^.\\u0000-\\u0020\\u007f\"]+)+)$",
          "maxLength": 127
        },
        "filter": {"description": "Who enters.", "$ref": "#/$defs/condition"}
      },
      "if": {"properties": {"on": {"const": "manual"}}, "required": ["on"]},
      "then": {"properties": {"filter": false}}
    },

    "condition": {
      "description": "A rule, a group of rules, or a list of them that must all hold.",
      "anyOf": [
        {"$ref": "#/$defs/rule"},
        {"$ref": "#/$defs/group"},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/member"}}
      ]
    },
    "member": {"anyOf": [{"$ref": "#/$defs/rule"}, {"$ref": "#/$defs/group"}, {"$ref": "#/$defs/muted"}]},
    "muted": {"description": "Left out.", "type": "object", "required": ["muted"], "properties": {"muted": {"const": true}}},
    "group": {
      "type": "object",
      "required": ["combinator", "rules"],
      "additionalProperties": false,
      "properties": {
        "combinator": {"type": "string", "pattern": "^([Aa][Nn][Dd]|[Oo][Rr])$"},
        "not": {"type": "boolean"},
        "rules": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/member"}},
        "id": true,
        "path": true,
        "disabled": {"type": "boolean"},
        "muted": {"type": "boolean"}
      }
    },
    "rule": {
      "type": "object",
      "required": ["field", "operator"],
      "additionalProperties": false,
      "properties": {
        "field": {"description": "Like contact.email, order.status, event.data.source.", "$ref": "#/$defs/text"},
        "operator": {
          "enum": ["=", "!=", "<", ">", "<=", ">=", "contains", "beginsWith", "endsWith", "doesNotContain", "doesNotBeginWith",
                   "doesNotEndWith", "null", "notNull", "in", "notIn", "between", "notBetween", "changed", "changedTo", "changedFrom",
                   "becameNull", "becameNotNull", "withinLast", "olderThan", "containsAny", "containsAll"]
        },
        "value": true,
        "valueSource": {"description": "field: the value is the name of another field."},
        "id": true,
        "path": true,
        "disabled": {"type": "boolean"},
        "muted": {"type": "boolean"}
      },
      "if": {"properties": {"operator": {"enum": ["null", "notNull", "changed", "becameNull", "becameNotNull"]}}},
      "else": {"required": ["value"]}
    },

    "settings": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "timezone": {"description": "account (default), contact, or a name like Asia/Jakarta.", "$ref": "#/$defs/text"},
        "send_window": {
          "description": "When messages may be written.",
          "anyOf": [{"const": "any"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/window"}}]
        },
        "sender": {
          "description": "Default: the account's.",
          "type": "object",
          "minProperties": 1,
          "additionalProperties": false,
          "properties": {"name": {"$ref": "#/$defs/text"}, "email": {"$ref": "#/$defs/text"}, "reply_to": {"$ref": "#/$defs/text"}}
        },
        "entry_key": {
          "description": "One live enrollment per contact, per row of an entity, or per values of fields.",
          "anyOf": [
            {"type": "string", "pattern": "^[^.]+$"},
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}}
          ]
        },
        "reentry": {"description": "Default: never for a contact, after_exit for other keys.", "enum": ["never", "after_exit", "every_event"]},
        "cooldown": {"description": "Time between two entries.", "$ref": "#/$defs/duration"},
        "category": {"description": "Default: marketing.", "enum": ["marketing", "informational", "transactional"]},
        "mark_as_read": {"type": "boolean"},
        "if_past": {"$ref": "#/$defs/if_past"},
        "grace": {"description": "Lateness that does not matter. Default: 1 day.", "$ref": "#/$defs/duration"},
        "expires_after": {"description": "A message not claimed so long after it was due is dropped.", "$ref": "#/$defs/duration"},
        "on_error": {
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "retry": {"description": "Tries after the first. Default: 5.", "type": "integer", "minimum": 0, "maximum": 100},
            "then": {"const": "exit"}
          }
        },
        "on_resume": {"const": "freeze"},
        "stop_on_response": {"const": "off"},
        "exit_on_unsubscribe": {"const": false},
        "while_live": {"const": "ignore"},
        "reentry_after_response": {"const": false},
        "frequency_cap": {"type": "array", "maxItems": 0}
      }
    },
    "window": {
      "description": "From a time to a time on some days; over midnight where it ends before it begins.",
      "type": "object",
      "minProperties": 1,
      "additionalProperties": false,
      "properties": {
        "days": {
          "description": "Default: every day.",
          "type": "array",
          "minItems": 1,
          "items": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
        },
        "from": {"description": "Default: 00:00.", "$ref": "#/$defs/clock"},
        "to": {"description": "Default: the end of the day, 24:00.", "anyOf": [{"$ref": "#/$defs/clock"}, {"const": "24:00"}]},
        "except": {
          "description": "Days on which no window of the list begins.",
          "type": "array",
          "items": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
        }
      }
    },
    "policy": {"enum": ["continue", "next_day", "skip", "exit"]},
    "if_past": {
      "description": "What happens where the time of a wait is past. Default: continue when late by at most the grace, else skip.",
      "anyOf": [
        {"$ref": "#/$defs/policy"},
        {
          "type": "object",
          "minProperties": 1,
          "additionalProperties": false,
          "properties": {"policy": {"$ref": "#/$defs/policy"}, "grace": {"$ref": "#/$defs/duration"}}
        }
      ]
    },

    "step": {
      "type": "object",
      "required": ["type"],
      "properties": {
        "type": {"enum": ["send", "wait", "if", "branch", "set", "tag", "stop"]},
        "id": {"description": "Kept for ever; given if left out.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "if": {"description": "The step is taken where this holds.", "$ref": "#/$defs/condition"}
      },
      "allOf": [
        {"if": {"properties": {"type": {"const": "send"}}}, "then": {"$ref": "#/$defs/send"}},
        {"if": {"properties": {"type": {"const": "wait"}}}, "then": {"$ref": "#/$defs/wait"}},
        {"if": {"properties": {"type": {"const": "if"}}}, "then": {"$ref": "#/$defs/choice"}},
        {"if": {"properties": {"type": {"const": "branch"}}}, "then": {"$ref": "#/$defs/branches"}},
        {"if": {"properties": {"type": {"const": "set"}}}, "then": {"$ref": "#/$defs/set"}},
        {"if": {"properties": {"type": {"const": "tag"}}}, "then": {"$ref": "#/$defs/tag"}},
        {"if": {"properties": {"type": {"const": "stop"}}}, "then": {"$ref": "#/$defs/stop"}}
      ]
    },
    "send": {
      "description": "One message.",
      "required": ["channel"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "channel": {"description": "email, sms, whatsapp, or any word.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "template": {"description": "The name of a stored template; welcome@3 is one version of it.", "type": "string", "pattern": "^[^@]"},
        "subject": {"$ref": "#/$defs/template"},
        "body": {"$ref": "#/$defs/template"},
        "data": {"description": "For the sender; texts in it may hold Liquid.", "type": "object"},
        "to": {"description": "An address. Default: the contact's own.", "type": "string", "minLength": 1, "not": {"pattern": "^(owner$|user:|team:)"}},
        "kind": {"enum": ["message", "reminder", "notification"]}
      },
      "oneOf": [
        {"required": ["template"]},
        {"anyOf": [{"required": ["subject"]}, {"required": ["body"]}, {"required": ["data"]}]}
      ]
    },
    "wait": {
      "description": "Time passes.",
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "for": {"description": "Days are calendar days, hours absolute.", "$ref": "#/$defs/duration"},
        "until_date": {
          "description": "A date of the record; the wait follows it where it changes.",
          "anyOf": [
            {"$ref": "#/$defs/text"},
            {
              "type": "object",
              "required": ["field"],
              "additionalProperties": false,
              "properties": {"field": {"$ref": "#/$defs/text"}, "offset": {"$ref": "#/$defs/duration"}}
            }
          ]
        },
        "until_time": {"description": "The next time the clock shows this.", "$ref": "#/$defs/clock"},
        "at": {"description": "The clock time on the day reached.", "$ref": "#/$defs/clock"},
        "if_past": {"$ref": "#/$defs/if_past"},
        "grace": {"$ref": "#/$defs/duration"},
        "on_null": {"description": "Where the date is empty. Default: exit.", "enum": ["exit", "continue"]}
      },
      "oneOf": [{"required": ["for"]}, {"required": ["until_date"]}, {"required": ["until_time"]}],
      "dependentSchemas": {
        "on_null": {"required": ["until_date"]},
        "until_time": {"properties": {"at": false}}
      }
    },
    "choice": {
      "description": "Two ways, by a condition.",
      "required": ["if"],
      "anyOf": [{"required": ["then"]}, {"required": ["else"]}],
      "additionalProperties": false,
      "properties": {"type": true, "id": true, "if": true, "then": {"$ref": "#/$defs/steps"}, "else": {"$ref": "#/$defs/steps"}}
    },
    "branches": {
      "description": "Several ways; the first that matches is taken.",
      "required": ["branches"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "branches": {
          "type": "array",
          "minItems": 1,
          "items": {
            "type": "object",
            "required": ["if", "steps"],
            "additionalProperties": false,
            "properties": {"name": {"$ref": "#/$defs/text"}, "if": {"$ref": "#/$defs/condition"}, "steps": {"$ref": "#/$defs/steps"}}
          }
        },
        "else": {"description": "Who matches none.", "$ref": "#/$defs/steps"}
      }
    },
    "assignments": {
      "description": "A name and its value: a literal, a text with Liquid, null, or {\"add\": 10}.",
      "type": "object",
      "minProperties": 1
    },
    "set": {
      "description": "Changes columns of one row: {\"values\": {\"contact.stage\": \"warm\"}}, or shorter {\"contact\": {\"stage\": \"warm\"}}.",
      "minProperties": 2,
      "properties": {
        "type": true, "id": true, "if": true,
        "values": {"$ref": "#/$defs/assignments", "propertyNames": {"pattern": "\\."}}
      },
      "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
      "additionalProperties": {"$ref": "#/$defs/assignments"}
    },
    "tags": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}},
    "tag": {
      "description": "Adds and removes tags.",
      "anyOf": [{"required": ["add"]}, {"required": ["remove"]}],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "add": {"$ref": "#/$defs/tags"},
        "remove": {"$ref": "#/$defs/tags"},
        "entity": {"description": "Default: contact.", "$ref": "#/$defs/text"}
      }
    },
    "stop": {
      "description": "Ends the enrollment.",
      "additionalProperties": false,
      "properties": {"type": true, "id": true, "if": true, "reason": {"$ref": "#/$defs/text"}}
    }
  }
})json";
}

}  // namespace workflow

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
  "if": {"required": ["automated_action"]},
  "then": {"properties": {"triggers": false, "steps": false}},
  "else": {"required": ["triggers", "steps"]},
  "additionalProperties": false,
  "properties": {
    "automated_action": {"description": "The short form, in place of triggers and steps.", "$ref": "#/$defs/automated_action"},
    "description": {"description": "For people.", "type": "string"},
    "triggers": {
      "description": "Events that enter a contact; any of them may.",
      "type": "array",
      "minItems": 1,
      "items": {"$ref": "#/$defs/trigger"}
    },
    "settings": {"$ref": "#/$defs/settings"},
    "goals": {"description": "What the workflow is for; reached by an event or a condition.", "type": "array", "maxItems": 50, "items": {"$ref": "#/$defs/goal"}},
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

    "automated_action": {
      "type": "object",
      "required": ["name", "on", "active_time", "template"],
      "additionalProperties": false,
      "properties": {
        "name": {"description": "Of the workflow.", "$ref": "#/$defs/text"},
        "task_name": {"description": "For people; the reminder says it.", "$ref": "#/$defs/text"},
        "on": {"description": "order.created, order.delivery, order.followup_delivery, order.paid, order.received, contact.created, or another event.", "$ref": "#/$defs/event"},
        "tag": {"description": "Only contacts that have it.", "$ref": "#/$defs/text"},
        "active_after_days": {"description": "Calendar days after the event; 0: the same day.", "type": "integer", "minimum": 0, "maximum": 3650},
        "active_time": {"description": "When on that day.", "$ref": "#/$defs/clock"},
        "base_field": {"description": "A date to count from, in place of the event's time.", "$ref": "#/$defs/text"},
        "if_past": {"description": "Where the time is past. Default: continue.", "enum": ["continue", "next_day", "skip", "exit"]},
        "per": {"description": "Of order.received: a message for each line, or one by the longest use.", "enum": ["line", "order"]},
        "channel": {"description": "Default: whatsapp.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "template": {"$ref": "#/$defs/text"},
        "reminder_time": {"description": "Earlier on the same day.", "$ref": "#/$defs/clock"},
        "reminder_to": {"description": "owner (default), contact, user:7, team:sales, or an address.", "$ref": "#/$defs/text"},
        "reminder_template": {"$ref": "#/$defs/text"},
        "reminder_channel": {"description": "Default: the message's.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "timezone": {"$ref": "#/$defs/text"},
        "category": {"enum": ["marketing", "informational", "transactional"]}
      },
      "dependentRequired": {"reminder_to": ["reminder_time"], "reminder_template": ["reminder_time"], "reminder_channel": ["reminder_time"]},
      "allOf": [
        {
          "if": {"properties": {"on": {"enum": ["order.received", "order.followup_delivery"]}}},
          "then": {"properties": {"active_after_days": false}}
        },
        {"if": {"properties": {"on": {"const": "order.received"}}}, "else": {"properties": {"per": false}}}
      ]
    },

    "trigger": {
      "type": "object",
      "required": ["on"],
      "additionalProperties": false,
      "properties": {
        "on": {
          "description": "An event, like order.paid, or a name of your own that emit() sends; date, schedule; manual: by enroll() only.",
          "type": "string",
          "pattern": "^(manual|date|schedule|[^.\\u0000-\\u0020\\u007f\"]+(\\.[^.\\u0000-\\u0020\\u007f\"]+)+)$",
          "maxLength": 127
        },
        "filter": {"description": "Who enters.", "$ref": "#/$defs/condition"},
        "settle": {"description": "The filter is asked about the row after so much time without a change.", "$ref": "#/$defs/duration"},
        "field": {"description": "Of date: a date of the record, like contact.birthday. Of score.reached: a number.", "$ref": "#/$defs/text"},
        "value": {"description": "What the number grows to.", "type": "number"},
        "every": {"description": "How the date comes again. Default: none.", "enum": ["none", "week", "month", "year"]},
        "offset": {"description": "From the date: -3 days is before it.", "$ref": "#/$defs/duration"},
        "at": {"description": "When on that day. Default: the field's own time, of a date midnight.", "$ref": "#/$defs/clock"},
        "cron": {
          "description": "Minute, hour, day of the month, month, day of the week: 0 9 * * 1 is Monday at nine, in the zone of the workflow.",
          "type": "string",
          "pattern": "^([ \\t]*([^ \\t]+[ \\t]+){4}[^ \\t]+[ \\t]*|@[A-Za-z]+)$"
        },
        "entity": {"description": "Whose rows the schedule takes. Default: contact.", "$ref": "#/$defs/text"}
      },
      "allOf": [
        {"if": {"properties": {"on": {"const": "manual"}}}, "then": {"properties": {"filter": false, "settle": false}}},
        {
          "if": {"properties": {"on": {"const": "date"}}},
          "then": {"required": ["field"], "properties": {"settle": false}},
          "else": {"properties": {"every": false, "offset": false, "at": false}}
        },
        {
          "if": {"properties": {"on": {"const": "schedule"}}},
          "then": {"required": ["cron"], "properties": {"settle": false}},
          "else": {"properties": {"cron": false, "entity": false}}
        },
        {"if": {"properties": {"on": {"const": "score.reached"}}}, "then": {"dependentRequired": {"field": ["value"]}}, "else": {"properties": {"value": false}}},
        {"if": {"properties": {"on": {"enum": ["date", "score.reached"]}}}, "else": {"properties": {"field": false}}}
      ]
    },

    "event": {
      "description": "An event, like order.paid.",
      "type": "string",
      "pattern": "^[^.\\u0000-\\u0020\\u007f\"]+(\\.[^.\\u0000-\\u0020\\u007f\"]+)+$",
      "maxLength": 127
    },
    "listener": {
      "description": "An event that a live enrollment is told of, or its name.",
      "anyOf": [
        {"$ref": "#/$defs/event"},
        {
          "type": "object",
          "required": ["on"],
          "additionalProperties": false,
          "properties": {
            "on": {"$ref": "#/$defs/event"},
            "filter": {"$ref": "#/$defs/condition"},
            "field": {"$ref": "#/$defs/text"},
            "value": {"type": "number"}
          },
          "$ref": "#/$defs/threshold"
        }
      ]
    },
    "threshold": {
      "if": {"required": ["on"], "properties": {"on": {"const": "score.reached"}}},
      "then": {"dependentRequired": {"field": ["value"]}},
      "else": {"properties": {"field": false, "value": false}}
    },
    "exit": {"anyOf": [{"$ref": "#/$defs/listener"}, {"$ref": "#/$defs/rule"}, {"$ref": "#/$defs/group"}]},
    "response_scope": {"enum": ["off", "enrollment", "workflow", "any_inbound"]},
    "goal": {
      "type": "object",
      "required": ["id"],
      "additionalProperties": false,
      "properties": {
        "id": {"description": "Kept for ever.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "on": {"$ref": "#/$defs/event"},
        "filter": {"$ref": "#/$defs/condition"},
        "field": {"$ref": "#/$defs/text"},
        "value": {"type": "number"},
        "if": {"$ref": "#/$defs/condition"},
        "then": {"description": "Default: exit.", "enum": ["exit", "jump", "count"]},
        "count_within": {"description": "From entry; later it is reached without being counted.", "$ref": "#/$defs/duration"},
        "count_after_exit": {"description": "After the end.", "$ref": "#/$defs/duration"},
        "met_at_entry": {"description": "Default: skip, who has reached it does not enter.", "enum": ["skip", "enter"]}
      },
      "$ref": "#/$defs/threshold",
      "oneOf": [
        {"required": ["on"], "properties": {"met_at_entry": false}},
        {"required": ["if"], "properties": {"filter": false, "count_after_exit": false}}
      ]
    },

    "condition": {
      "description": "A rule, a group of rules, or a list of them that must all hold.",
      "anyOf": [
        {"$ref": "#/$defs/rule"},
        {"$ref": "#/$defs/group"},
        {"$ref": "#/$defs/sql"},
        {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/member"}}
      ]
    },
    "member": {"anyOf": [{"$ref": "#/$defs/rule"}, {"$ref": "#/$defs/group"}, {"$ref": "#/$defs/sql"}, {"$ref": "#/$defs/muted"}]},
    "sql": {
      "description": "One boolean expression of SQL; contact.email is a column of the contact.",
      "type": "object",
      "required": ["sql"],
      "additionalProperties": false,
      "properties": {
        "sql": {"type": "string", "pattern": "[^ \\t\\r\\n]"},
        "id": true,
        "path": true,
        "disabled": {"type": "boolean"},
        "muted": {"type": "boolean"}
      }
    },
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
                   "becameNull", "becameNotNull", "withinLast", "olderThan", "containsAny", "containsAll", "matches"]
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

    "sender": {
      "description": "From whom: for every channel, or by channel.",
      "type": "object",
      "minProperties": 1,
      "properties": {
        "name": {"$ref": "#/$defs/sender_member"},
        "email": {"$ref": "#/$defs/sender_member"},
        "phone": {"$ref": "#/$defs/sender_member"},
        "address": {"$ref": "#/$defs/sender_member"},
        "reply_to": {"$ref": "#/$defs/sender_member"}
      },
      "additionalProperties": {"$ref": "#/$defs/sender_of_channel"}
    },
    "sender_member": {"anyOf": [{"$ref": "#/$defs/text"}, {"$ref": "#/$defs/sender_of_channel"}]},
    "sender_of_channel": {
      "type": "object",
      "minProperties": 1,
      "additionalProperties": false,
      "properties": {
        "name": {"$ref": "#/$defs/text"},
        "email": {"$ref": "#/$defs/text"},
        "phone": {"$ref": "#/$defs/text"},
        "address": {"$ref": "#/$defs/text"},
        "reply_to": {"$ref": "#/$defs/text"}
      }
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
        "sender": {"description": "Default: the account's.", "$ref": "#/$defs/sender"},
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
            "backoff": {
              "description": "The pause before the first new try, then doubled; or each pause in turn.",
              "anyOf": [{"$ref": "#/$defs/duration"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/duration"}}]
            },
            "then": {"description": "After the last try. Default: exit.", "enum": ["exit", "skip", "suspend"]}
          }
        },
        "on_resume": {
          "description": "What a pause does to waits. Default: freeze.",
          "enum": ["freeze", "catch_up", "restart_delay", "drop_overdue"]
        },
        "stop_on_response": {
          "description": "What an answer of the contact ends. Default: off.",
          "anyOf": [
            {"$ref": "#/$defs/response_scope"},
            {
              "type": "object",
              "required": ["scope"],
              "additionalProperties": false,
              "properties": {
                "scope": {"$ref": "#/$defs/response_scope"},
                "auto_replies": {"type": "boolean"},
                "channels": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}}
              }
            }
          ]
        },
        "exit": {
          "description": "Ends an enrollment: a condition, an event, or a list of which any does.",
          "anyOf": [{"$ref": "#/$defs/exit"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/exit"}}]
        },
        "exclusive_group": {"description": "Entering one workflow of a group ends the contact's enrollments in the others.", "$ref": "#/$defs/text"},
        "exit_on_unsubscribe": {"type": ["boolean", "null"]},
        "while_live": {"description": "An entering event while one is live. Default: ignore.", "enum": ["ignore", "restart"]},
        "reentry_after_response": {"type": "boolean"},
        "frequency_cap": {
          "description": "How many messages a contact gets at most.",
          "type": "array",
          "items": {
            "type": "object",
            "required": ["max", "per"],
            "additionalProperties": false,
            "properties": {
              "channel": {"description": "Default: all channels together.", "$ref": "#/$defs/text"},
              "max": {"type": "integer", "minimum": 1, "maximum": 10000},
              "per": {"description": "At most a year.", "$ref": "#/$defs/duration"},
              "on_cap": {"description": "Default: defer.", "enum": ["defer", "skip", "exit"]}
            }
          }
        }
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
        "type": {
          "enum": ["send", "wait", "if", "branch", "split", "goal", "goto", "set", "tag", "stop", "notify", "webhook", "create", "copy", "task", "assign", "approve",
                   "call", "emit", "enroll", "unenroll", "subscribe", "unsubscribe"]
        },
        "id": {"description": "Kept for ever; given if left out.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "if": {"description": "The step is taken where this holds.", "$ref": "#/$defs/condition"}
      },
      "allOf": [
        {"if": {"properties": {"type": {"const": "send"}}}, "then": {"$ref": "#/$defs/send"}},
        {"if": {"properties": {"type": {"const": "wait"}}}, "then": {"$ref": "#/$defs/wait"}},
        {"if": {"properties": {"type": {"const": "if"}}}, "then": {"$ref": "#/$defs/choice"}},
        {"if": {"properties": {"type": {"const": "branch"}}}, "then": {"$ref": "#/$defs/branches"}},
        {"if": {"properties": {"type": {"const": "split"}}}, "then": {"$ref": "#/$defs/split"}},
        {"if": {"properties": {"type": {"const": "goal"}}}, "then": {"$ref": "#/$defs/goal_step"}},
        {"if": {"properties": {"type": {"const": "goto"}}}, "then": {"$ref": "#/$defs/goto"}},
        {"if": {"properties": {"type": {"const": "set"}}}, "then": {"$ref": "#/$defs/set"}},
        {"if": {"properties": {"type": {"const": "tag"}}}, "then": {"$ref": "#/$defs/tag"}},
        {"if": {"properties": {"type": {"const": "stop"}}}, "then": {"$ref": "#/$defs/stop"}},
        {"if": {"properties": {"type": {"const": "notify"}}}, "then": {"$ref": "#/$defs/notify"}},
        {"if": {"properties": {"type": {"const": "webhook"}}}, "then": {"$ref": "#/$defs/webhook"}},
        {"if": {"properties": {"type": {"const": "create"}}}, "then": {"$ref": "#/$defs/create"}},
        {"if": {"properties": {"type": {"const": "copy"}}}, "then": {"$ref": "#/$defs/copy"}},
        {"if": {"properties": {"type": {"const": "task"}}}, "then": {"$ref": "#/$defs/task"}},
        {"if": {"properties": {"type": {"const": "assign"}}}, "then": {"$ref": "#/$defs/assign"}},
        {"if": {"properties": {"type": {"const": "approve"}}}, "then": {"$ref": "#/$defs/approve"}},
        {"if": {"properties": {"type": {"const": "call"}}}, "then": {"$ref": "#/$defs/call"}},
        {"if": {"properties": {"type": {"const": "emit"}}}, "then": {"$ref": "#/$defs/emit"}},
        {"if": {"properties": {"type": {"const": "enroll"}}}, "then": {"$ref": "#/$defs/enroll"}},
        {"if": {"properties": {"type": {"const": "unenroll"}}}, "then": {"$ref": "#/$defs/unenroll"}},
        {"if": {"properties": {"type": {"enum": ["subscribe", "unsubscribe"]}}}, "then": {"$ref": "#/$defs/subscribe"}}
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
        "sender": {"description": "Default: the workflow's.", "$ref": "#/$defs/sender"},
        "locale": {"description": "Which of the template's languages. Default: the contact's.", "$ref": "#/$defs/text"},
        "to": {"description": "An address, owner, user:<key> or team:<name>. Default: the contact's own.", "$ref": "#/$defs/receiver"},
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
              "properties": {
                "field": {"$ref": "#/$defs/text"},
                "offset": {"$ref": "#/$defs/duration"},
                "days": {"description": "A field with a number of days that is added.", "$ref": "#/$defs/text"}
              }
            }
          ]
        },
        "until_time": {"description": "The next time the clock shows this.", "$ref": "#/$defs/clock"},
        "until_event": {"description": "The contact's next event of this kind, or one since entry.", "$ref": "#/$defs/listener"},
        "until": {"description": "Until this holds.", "$ref": "#/$defs/condition"},
        "lookback": {"description": "Which events before the wait count. Default: since_entry.", "enum": ["since_entry", "since_step", "none"]},
        "timeout": {"description": "The longest it lasts.", "$ref": "#/$defs/duration"},
        "on_timeout": {"description": "Steps that are taken then.", "$ref": "#/$defs/steps"},
        "forever": {"description": "Needed where there is no timeout.", "type": "boolean"},
        "at": {"description": "The clock time on the day reached.", "$ref": "#/$defs/clock"},
        "if_past": {"$ref": "#/$defs/if_past"},
        "grace": {"$ref": "#/$defs/duration"},
        "on_null": {"description": "Where the date is empty. Default: exit.", "enum": ["exit", "continue"]}
      },
      "oneOf": [
        {"required": ["for"], "properties": {"timeout": false, "on_timeout": false, "forever": false}},
        {"required": ["until_date"], "properties": {"timeout": false, "on_timeout": false, "forever": false}},
        {"required": ["until_time"], "properties": {"timeout": false, "on_timeout": false, "forever": false}},
        {"required": ["until_event"], "allOf": [{"$ref": "#/$defs/ending"}]},
        {"required": ["until"], "allOf": [{"$ref": "#/$defs/ending"}]}
      ],
      "dependentSchemas": {
        "on_null": {"required": ["until_date"]},
        "lookback": {"required": ["until_event"]},
        "until_time": {"properties": {"at": false}}
      }
    },
    "ending": {
      "properties": {"at": false},
      "anyOf": [
        {"required": ["timeout"], "properties": {"forever": {"const": false}}},
        {"required": ["forever"], "properties": {"forever": {"const": true}, "timeout": false, "on_timeout": false}}
      ]
    },
    "goal_step": {
      "description": "A place to wait for a goal, or to jump to when it is reached.",
      "required": ["goal"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "goal": {"description": "The id of a goal.", "$ref": "#/$defs/text"},
        "timeout": {"$ref": "#/$defs/duration"},
        "on_timeout": {"$ref": "#/$defs/steps"},
        "forever": {"type": "boolean"},
        "if_past": {"$ref": "#/$defs/if_past"},
        "grace": {"$ref": "#/$defs/duration"}
      },
      "allOf": [{"$ref": "#/$defs/ending"}]
    },
    "split": {
      "description": "Paths by share; the same contact takes the same one for ever.",
      "required": ["paths"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "paths": {
          "type": "array",
          "minItems": 2,
          "items": {
            "type": "object",
            "additionalProperties": false,
            "properties": {
              "name": {"$ref": "#/$defs/text"},
              "weight": {"description": "Default: equal shares.", "type": "integer", "minimum": 0, "maximum": 1000000},
              "holdout": {"description": "A control group: no messages from here on.", "type": "boolean"},
              "steps": {"$ref": "#/$defs/steps"}
            },
            "anyOf": [{"required": ["steps"]}, {"required": ["holdout"], "properties": {"holdout": {"const": true}}}]
          }
        }
      }
    },
    "goto": {
      "description": "Goes on at another step.",
      "required": ["step"],
      "additionalProperties": false,
      "properties": {"type": true, "id": true, "if": true, "step": {"description": "The id of a step.", "$ref": "#/$defs/text"}}
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
      "description": "A name and its value: a literal, a text with Liquid, null, {\"add\": 10} or {\"sql\": \"…\"}.",
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
    "receiver": {"type": "string", "minLength": 1, "not": {"pattern": "^(user|team):$"}},
    "notify": {
      "description": "A message to the CRM's own people; never stopped by the contact's consent.",
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "channel": {"description": "Default: in_app.", "type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$"},
        "template": {"type": "string", "pattern": "^[^@]"},
        "subject": {"$ref": "#/$defs/template"},
        "body": {"$ref": "#/$defs/template"},
        "data": {"type": "object"},
        "sender": {"description": "Default: the workflow's.", "$ref": "#/$defs/sender"},
        "locale": {"description": "Which of the template's languages. Default: the contact's.", "$ref": "#/$defs/text"},
        "to": {"description": "owner (default), user:<key>, team:<name>, or an address.", "$ref": "#/$defs/receiver", "not": {"const": "contact"}},
        "kind": {"enum": ["message", "reminder", "notification"]}
      },
      "oneOf": [
        {"required": ["template"]},
        {"anyOf": [{"required": ["subject"]}, {"required": ["body"]}, {"required": ["data"]}]}
      ]
    },
    "webhook": {
      "description": "A request that a sender makes, signed as Standard Webhooks.",
      "required": ["url"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "url": {"type": "string", "pattern": "^(https?://|\\{\\{)"},
        "method": {"description": "Default: POST.", "enum": ["POST", "PUT", "PATCH", "DELETE", "GET"]},
        "headers": {
          "type": "object",
          "maxProperties": 50,
          "propertyNames": {"pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$"},
          "additionalProperties": {"$ref": "#/$defs/template"}
        },
        "body": {"description": "JSON, or a text; what is a text may hold Liquid. Default: {type, timestamp, data}."}
      },
      "if": {"properties": {"method": {"const": "GET"}}, "required": ["method"]},
      "then": {"properties": {"body": false}}
    },
    "values": {
      "description": "Columns and their values: a literal, a text with Liquid, null, or {\"sql\": \"…\"}.",
      "type": "object"
    },
    "create": {
      "description": "A new row in an attached table; what is not named is left to the table's defaults.",
      "required": ["entity", "values"],
      "additionalProperties": false,
      "properties": {"type": true, "id": true, "if": true, "entity": {"$ref": "#/$defs/text"}, "values": {"$ref": "#/$defs/values"}}
    },
    "copy": {
      "description": "A new row with the values of one that is there.",
      "required": ["entity"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "entity": {"description": "Whose row is copied.", "$ref": "#/$defs/text"},
        "into": {"description": "The entity of the new row. Default: the same.", "$ref": "#/$defs/text"},
        "values": {"description": "What differs.", "$ref": "#/$defs/values"},
        "except": {"description": "Columns left to their defaults.", "type": "array", "items": {"$ref": "#/$defs/text"}}
      }
    },
    "task": {
      "description": "Something for a person to do.",
      "required": ["title"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "title": {"$ref": "#/$defs/template"},
        "body": {"$ref": "#/$defs/template"},
        "assignee": {"description": "A user, or owner.", "$ref": "#/$defs/template"},
        "role": {"$ref": "#/$defs/template"},
        "due": {"description": "From now.", "$ref": "#/$defs/duration"},
        "at": {"description": "The clock time on that day.", "$ref": "#/$defs/clock"},
        "values": {"description": "Other columns of the attached table of tasks.", "$ref": "#/$defs/values"}
      }
    },
    "users": {
      "description": "Users, or an object of users and their weights.",
      "anyOf": [
        {"type": "array", "minItems": 1, "maxItems": 1000},
        {"type": "object", "minProperties": 1, "maxProperties": 1000, "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 1000}}
      ]
    },
    "assign": {
      "description": "Says who is responsible for a row.",
      "required": ["by"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "entity": {"description": "Default: contact.", "$ref": "#/$defs/text"},
        "field": {"description": "Default: owner.", "$ref": "#/$defs/text"},
        "by": {
          "description": "A way, or a field beside a map.",
          "anyOf": [{"enum": ["round_robin", "weighted", "least_busy"]}, {"type": "string", "pattern": "\\."}]
        },
        "users": {"$ref": "#/$defs/users"},
        "map": {"description": "A user for each value of the field.", "type": "object", "minProperties": 1},
        "else": {"description": "The user where no value fits."},
        "keep": {"description": "Who is responsible already stays so.", "type": "boolean"},
        "count": {"description": "The field whose rows keep somebody busy. Default: the one that is set.", "$ref": "#/$defs/text"},
        "open": {"description": "Columns and values of the rows that count.", "type": "object"}
      },
      "if": {"properties": {"by": {"type": "string", "pattern": "\\."}}},
      "then": {"required": ["map"], "properties": {"users": false, "count": false, "open": false}},
      "else": {"required": ["users"], "properties": {"map": false, "else": false}}
    },
    "approve": {
      "description": "Waits for approve() or reject().",
      "required": ["title"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "title": {"$ref": "#/$defs/template"},
        "body": {"$ref": "#/$defs/template"},
        "assignee": {"description": "A user, or owner.", "$ref": "#/$defs/template"},
        "role": {"$ref": "#/$defs/template"},
        "timeout": {"description": "Default: it waits for ever.", "$ref": "#/$defs/duration"},
        "at": {"description": "The clock time on the day of the timeout.", "$ref": "#/$defs/clock"},
        "approved": {"$ref": "#/$defs/steps"},
        "rejected": {"$ref": "#/$defs/steps"},
        "timed_out": {"$ref": "#/$defs/steps"}
      },
      "dependentRequired": {"at": ["timeout"], "timed_out": ["timeout"]}
    },
    "call": {
      "description": "Calls a function of the CRM; what it returns is step.<id>.",
      "required": ["function"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "function": {"type": "string", "pattern": "^[^.]+([.][^.]+)?$"},
        "args": {
          "description": "By place, or by name; texts may hold Liquid.",
          "anyOf": [{"type": "array", "maxItems": 100}, {"type": "object", "maxProperties": 100}]
        }
      }
    },
    "emit": {
      "description": "Says that something happened to the contact.",
      "required": ["event"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "event": {"type": "string", "pattern": "^[^.\\u0000-\\u0020\\u007f\"]+(\\.[^.\\u0000-\\u0020\\u007f\"]+)+$", "maxLength": 127},
        "data": {"description": "event.data of who listens.", "type": "object"}
      }
    },
    "enroll": {
      "description": "Enrolls the contact in another workflow.",
      "required": ["workflow"],
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "workflow": {"$ref": "#/$defs/text"},
        "data": {"description": "enrollment.data there.", "type": "object"}
      }
    },
    "unenroll": {
      "description": "Ends what the contact has live in another workflow.",
      "required": ["workflow"],
      "additionalProperties": false,
      "properties": {"type": true, "id": true, "if": true, "workflow": {"$ref": "#/$defs/text"}, "comment": {"$ref": "#/$defs/template"}}
    },
    "subscribe": {
      "description": "The contact's consent to a campaign, or to all mail.",
      "additionalProperties": false,
      "properties": {
        "type": true, "id": true, "if": true,
        "campaign": {"description": "Default: all mail.", "$ref": "#/$defs/text"},
        "channel": {"description": "Default: every channel.", "$ref": "#/$defs/text"}
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

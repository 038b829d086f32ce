-- What a DBA adds: two bindings, two templates, two workflows.
SET client_min_messages = warning;
CREATE EXTENSION pg_workflow;
SELECT workflow.attach('contacts', '{
  "entity": "contact", "zone": "tz",
  "fields": {"phone": "mobile", "tags": "labels"}}');
SELECT workflow.attach('orders', '{
  "entity": "order", "contact": [{"column": "contact_id"}],
  "events": {"order.paid":     {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"},
             "order.delivery": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "shipped"}}}}');

SELECT workflow.put_template('welcome', 'email', 'Welcome, {{ contact.name }}', 'Hello {{ contact.name }}, good to have you.');
SELECT workflow.put_template('usage', 'whatsapp', NULL, '{{ contact.name }}: how do you like the {{ order.product }}?');

SELECT workflow.create_workflow('nurture', '{
  "description": "Welcome new leads; remind those who have not bought after three days",
  "triggers": [{"on": "contact.created", "filter": {"field": "contact.tags", "operator": "contains", "value": "lead"}}],
  "settings": {"timezone": "contact", "send_window": [{"days": ["mon","tue","wed","thu","fri"], "from": "09:00", "to": "17:00"}]},
  "steps": [
    {"id": "hello", "type": "send", "channel": "email", "template": "welcome"},
    {"id": "pause", "type": "wait", "for": "3 days", "at": "09:00"},
    {"id": "bought", "type": "if", "if": {"field": "contact.stage", "operator": "=", "value": "customer"},
     "then": [{"id": "thank", "type": "tag", "add": ["won"]}],
     "else": [{"id": "offer", "type": "send", "channel": "email", "subject": "Ten percent for you", "body": "Still thinking, {{ contact.name }}?"}]}]}');
SELECT workflow.publish('nurture');

SELECT workflow.create_workflow('after sale', '{
  "description": "A paid order makes a customer; two days later, at ten in the morning, a question",
  "triggers": [{"on": "order.paid"}],
  "settings": {"timezone": "contact", "category": "transactional"},
  "steps": [
    {"id": "customer", "type": "set", "values": {"contact.stage": "customer", "contact.points": {"add": 10}}},
    {"id": "receipt", "type": "send", "channel": "email", "subject": "Receipt for order {{ order.id }}",
     "body": "{{ order.product }}: {{ order.total | money: \"USD\" }}"},
    {"id": "settle-in", "type": "wait", "for": "2 days", "at": "10:00"},
    {"id": "usage", "type": "send", "channel": "whatsapp", "template": "usage"}]}');
SELECT workflow.publish('after sale');

-- Definitions told to people, templates of templates, previews, and the limits of both.
BEGIN;
SELECT plan(55);
SET LOCAL client_min_messages = error;

CREATE TABLE telling_contacts (id int PRIMARY KEY, org text NOT NULL, name text, email text, lang text, zone text, balance numeric(10,2), created_at timestamptz);
SELECT FROM workflow.attach('telling_contacts', '{"entity": "contact", "account": "org", "fields": {"locale": "lang"}, "zone": ["zone"]}');
INSERT INTO telling_contacts VALUES (1, 'acme', '<Ana>', 'ana@example.test', 'pt-BR', 'Asia/Jakarta', 10.00, '2031-01-05 20:00Z'),
  (2, 'beta', 'Budi', 'budi@example.test', 'de', NULL, 7.50, NULL);
CREATE FUNCTION pg_temp.definition(steps text, triggers text = '[{"on": "manual"}]') RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_build_object('triggers', triggers::jsonb, 'steps', steps::jsonb)
$$;

-- functions: schema, describe, diff, diagram
SELECT is(workflow.schema() ->> '$schema', 'https://json-schema.org/draft/2020-12/schema', 'schema() is that of definitions');
SELECT isnt(workflow.schema('binding'), workflow.schema(), 'and there is one of bindings');
SELECT throws_ok($$ SELECT workflow.schema('bindng') $$, '22023', 'there is no schema "bindng"');
SELECT workflow.create_workflow('told', pg_temp.definition('[{"id": "hello", "type": "send", "channel": "email", "subject": "Hi"},
  {"type": "wait", "for": "3 days", "at": "09:00"}, {"type": "if", "if": {"field": "contact.balance", "operator": ">", "value": 5}, "then": [{"type": "stop"}]}]',
  '[{"on": "contact.created", "filter": {"field": "contact.email", "operator": "notNull"}}]'));
SELECT workflow.publish('told');
SELECT workflow.save_draft('told', pg_temp.definition('[{"type": "wait", "for": "5 days", "at": "09:00"}, {"id": "hello", "type": "send", "channel": "email", "subject": "Hi"}]'));
SELECT is(workflow.describe('told'), $$Workflow "told", version 1

Enters
- when a contact is created (contact.created), if the contact's email is not empty

Steps
1. hello: send e-mail with the subject "Hi"
2. wait-1: wait 3 days, then until 09:00
3. if-1: if the contact's balance is more than 5
   then:
      1. stop-1: stop
$$, 'describe: the published version, in sentences');
SELECT matches(workflow.describe('told', 2), '^Workflow "told", version 2\n', 'describe: or one that is named');
SELECT throws_ok($$ SELECT workflow.describe('told', 3) $$, 'WF002', 'workflow "told" has no version 3');
SELECT throws_ok($$ SELECT workflow.describe('tlod') $$, 'WF002', 'there is no workflow "tlod"');
SELECT is(workflow.diff('told', 1, 2), $$trigger is added: by hand (enroll)
trigger is removed: when a contact is created (contact.created), if the contact's email is not empty
step "if-1" is removed: if the contact's balance is more than 5
step "stop-1" is removed: stop
step "wait-1" is changed: for: "3 days" -> "5 days"
step "hello" is moved: now after "wait-1"
$$, 'diff: by the ids of steps, with what was and what is');
SELECT is(workflow.diff('told', 2, 2), E'the versions say the same\n', 'diff: of equals');
SELECT throws_ok($$ SELECT workflow.diff('told', 1, NULL) $$, '22004', NULL, 'diff: needs two versions');
SELECT matches(workflow.diagram('told'), '^flowchart TD\n.*s3 -->\|"yes"\| s4\n', 'diagram: a flowchart');
SELECT matches(workflow.diagram('told', 'dot', 2), '^digraph workflow \{\n', 'diagram: or for Graphviz');
SELECT throws_ok($$ SELECT workflow.diagram('told', 'mermade') $$, '22023', 'there is no format "mermade"');

-- 4: what comes out publishes as the same program
SELECT is(workflow.definition('told') #>> '{steps,2,then,0,id}', 'stop-1', 'definition: steps have the ids they were published with');
SELECT workflow.create_workflow('again', workflow.definition('told', 1));
SELECT lives_ok($$ SELECT workflow.publish('again') $$, 'what comes out publishes');
SELECT is(workflow.definition('again'), workflow.definition('told', 1), 'and comes out the same');
SELECT workflow.enroll(w, '1') FROM unnest('{told,again}'::text[]) w;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
SELECT FROM workflow.tick('2031-01-20 09:00Z');
SELECT results_eq($$ SELECT h.step, h.what, h.detail FROM workflow.history h WHERE h.workflow = 'told' AND h.contact_key = '1' ORDER BY h.id $$,
                  $$ SELECT h.step, h.what, h.detail FROM workflow.history h WHERE h.workflow = 'again' AND h.contact_key = '1' ORDER BY h.id $$,
                  'and does the same');
SELECT isnt_empty($$ SELECT FROM workflow.history h WHERE h.workflow = 'again' AND h.step = 'stop-1' $$, 'up to its last step');

-- Partials: templates that are part of others
SELECT workflow.put_template('sign', 'partial', NULL, 'Yours, {{ from }} {{ contact.balance }}');
SELECT workflow.put_template('sign', 'partial', NULL, 'Teu, {{ from }} {{ contact.balance }}', 'pt');
SELECT workflow.put_template('sign', 'sms', NULL, 'thx');
SELECT workflow.put_template('greet', 'email', 'Dear {{ contact.name }}', '<p>Dear {{ contact.name }}, {% render ''sign'', from: ''<Us>'' %}</p>{{ contact.name | safe }}');
SELECT workflow.put_template('greet', 'sms', NULL, '<p>{{ contact.name }} {% include ''sign'' %}');
SELECT workflow.put_template('plain', 'email', 'S', '<p>{{ contact.name }}', data => '{"format": "text"}');
SELECT workflow.put_template('formatted', 'email', 'S', '{{ contact.name }}', data => '{"format": "html"}');
SELECT workflow.create_workflow('partials', pg_temp.definition('[{"id": "a", "type": "send", "channel": "email", "template": "greet"},
  {"id": "b", "type": "send", "channel": "sms", "template": "greet"}, {"id": "c", "type": "send", "channel": "email", "template": "plain"},
  {"id": "d", "type": "send", "channel": "email", "template": "formatted"},
  {"id": "e", "type": "send", "channel": "email", "subject": "{{ contact.name }}", "body": "<b>{{ contact.name }}{% render ''sign'', from: ''us'' %}"}]'));
SELECT lives_ok($$ SELECT workflow.publish('partials') $$, 'definition: partials are found when published');
SELECT workflow.enroll('partials', c) FROM unnest('{1,2}'::text[]) c;
SELECT FROM workflow.tick('2031-01-06 09:00Z');
CREATE FUNCTION pg_temp.sent(step text, contact text) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws('|', o.subject, o.body) FROM workflow.outbox o WHERE o.workflow = 'partials' AND o.step = sent.step AND o.contact_key = contact
$$;
SELECT is(pg_temp.sent('a', '1'), 'Dear <Ana>|<p>Dear &lt;Ana&gt;, Teu, &lt;Us&gt; 10.00</p><Ana>',
          'definition: an e-mail that begins with a tag is HTML and escaped, its subject is not; a partial by the contact''s locale; 10.00 stays 10.00');
SELECT is(pg_temp.sent('a', '2'), 'Dear Budi|<p>Dear Budi, Yours, &lt;Us&gt; 7.50</p>Budi', 'a partial''s default text');
SELECT is(pg_temp.sent('b', '1'), '<p><Ana> thx', 'definition: SMS are plain; a partial of the message''s own channel goes first');
SELECT is(pg_temp.sent('c', '1'), 'S|<p><Ana>', 'data.format text: not escaped');
SELECT is(pg_temp.sent('d', '1'), 'S|&lt;Ana&gt;', 'data.format html: escaped, whatever the body looks like');
SELECT is(pg_temp.sent('e', '1'), '<Ana>|<b>&lt;Ana&gt;Teu, us 10.00', 'a text of the step''s own likewise');
SELECT is(workflow.render('{% render ''sign'', from: ''us'' %}', '{"contact": {"balance": 1.50}}'), 'Yours, us 1.50', 'render() knows partials');
SELECT throws_ok($$ SELECT workflow.render('{% render "nobody" %}', '{}') $$, 'WF009', 'line 1: there is no template "nobody" to render');

-- Circles are refused where they would close
SELECT workflow.put_template('one', 'partial', NULL, '{% render ''two'' %}');
SELECT throws_ok($$ SELECT workflow.put_template('two', 'email', 'S', '{% render ''one'' %}') $$, 'WF009', 'template has 1 error', 'WF009: a circle of templates');
SELECT throws_ok($$ SELECT workflow.put_template('self', 'partial', NULL, '{% include ''self'' %}') $$, 'WF009', 'template has 1 error', 'WF009: a template in itself');
SELECT throws_ok($$ SELECT workflow.put_template('none', 'partial', 'S', NULL) $$, '22004', NULL, 'a partial is a body');
SELECT throws_ok($$ SELECT workflow.put_template('dynamic', 'partial', NULL, '{% render contact.name %}') $$, 'WF009', 'template has 1 error', 'the name of a partial is a text');

-- Publishing checks what is named
CREATE FUNCTION pg_temp.problem(steps text, account text = NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  PERFORM workflow.create_workflow('checked', pg_temp.definition(steps), account);
  PERFORM workflow.publish('checked', account => account);
  RETURN 'published';
EXCEPTION WHEN SQLSTATE 'WF001' THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN detail || ' / ' || hint;
END $$;
SELECT is(pg_temp.problem('[{"type": "send", "channel": "email", "template": "gret"}]'),
          '"/steps/0/template": template "gret" does not exist / Did you mean "greet"?', 'WF001: a template that is not there');
SELECT is(pg_temp.problem('[{"type": "send", "channel": "email", "template": "greet@9"}]'),
          '"/steps/0/template": template "greet" has no version 9 / Its newest version is 1.', 'WF001: a version that is not there');
SELECT workflow.put_template('holed', 'email', 'S', '{% render ''sing'' %}');
SELECT is(pg_temp.problem('[{"type": "send", "channel": "email", "template": "holed"}]'),
          '"/steps/0/template": template "holed" renders "sing", which does not exist / Did you mean "sign"?', 'WF001: a partial that is not there');
SELECT workflow.put_template('ordered', 'partial', NULL, '{{ order.total }}');
SELECT workflow.put_template('byway', 'email', 'S', '{% render ''ordered'' %}');
SELECT matches(pg_temp.problem('[{"type": "send", "channel": "email", "template": "byway"}]'),
          '"/steps/0/template": "order" is no', 'WF001: names are checked by way of partials');
SELECT workflow.put_template('own', 'email', 'S', 'B', account => 'beta');
SELECT matches(pg_temp.problem('[{"type": "send", "channel": "email", "template": "own"}]', 'acme'), 'template "own" does not exist',
               'WF001: another account''s template is none');
SELECT is(pg_temp.problem('[{"type": "send", "channel": "email", "template": "own"}]', 'beta'), 'published', 'its own is');
SELECT is((SELECT count(*) FROM workflow.validate(pg_temp.definition('[{"type": "send", "channel": "email", "template": "own"}]')) v
            WHERE v.severity = 'warning' AND v.message = 'only some accounts have a template "own"'), 1::bigint, 'for everybody it is a warning');

-- preview
SELECT results_eq($$ SELECT subject, body FROM workflow.preview('greet', '1', channel => 'email') $$,
                  $$ VALUES ('Dear <Ana>', '<p>Dear &lt;Ana&gt;, Teu, &lt;Us&gt; 10.00</p><Ana>') $$, 'preview: as a send has it');
SELECT results_eq($$ SELECT subject, body FROM workflow.preview('plain', '2') $$, $$ VALUES ('S', '<p>Budi') $$, 'preview: the one channel there is');
SELECT throws_ok($$ SELECT FROM workflow.preview('greet', '1') $$, '22023', 'template "greet" has texts for several channels');
SELECT throws_ok($$ SELECT FROM workflow.preview('greeet', '1') $$, 'WF002', 'there is no template "greeet"');
SELECT throws_ok($$ SELECT FROM workflow.preview('greet', '9', channel => 'email') $$, 'WF008', 'there is no contact "9"');
SELECT throws_ok($$ SELECT FROM workflow.preview('plain', '1', account => 'beta') $$, 'WF008', 'there is no contact "1"');
SELECT throws_ok($$ SELECT FROM workflow.preview('plain', NULL) $$, '22004', NULL, 'preview: needs a contact');
SELECT is((workflow.preview('own', '2')).body, 'B', 'preview: the contact''s account has it');
SELECT throws_ok($$ SELECT FROM workflow.preview('own', '1', channel => 'email') $$, 'WF002', 'there is no template "own" for channel "email"', 'another has not');
SELECT workflow.put_template('times', 'email', 'S', '{{ contact.created_at | date: "%H:%M" }} {{ order.total }} {{ account.data.brand }}');
SELECT workflow.set_account('acme', '{"data": {"brand": "Acme"}}');
SELECT is((workflow.preview('times', '1', '{"order": {"total": 9.90}}')).body, '03:00 9.90 Acme', 'preview: in the contact''s zone, with what else is given');
SELECT is((workflow.preview('times', '1')).body, '03:00  Acme', 'preview: what is not known is empty');

-- Limits, each named by its setting
SET LOCAL pg_workflow.max_steps = 2;
SELECT is(pg_temp.problem('[{"type": "tag"}, {"type": "stop"}, {"type": "stop"}]') ~ 'at most 2 steps.* / .*pg_workflow.max_steps', true, 'pg_workflow.max_steps');
SELECT matches(workflow.describe('told'), 'stop-1', 'what is stored stays');
SELECT workflow.enroll('again', '2');
SELECT is((SELECT t.errors FROM workflow.tick('2031-01-20 10:00Z') t), 0, 'what is published goes on');
SET LOCAL pg_workflow.max_definition_bytes = 50;
SELECT matches(pg_temp.problem('[{"type": "stop"}]'), 'the definition has \d+ bytes, more than 50 / The limit is the setting pg_workflow.max_definition_bytes.');
SET LOCAL pg_workflow.max_message_bytes = 30;
SELECT throws_ok($$ SELECT workflow.render('{% for i in (1..99) %}x{% endfor %}', '{}') $$, 'WF009', 'line 1: the template''s output is too long', 'pg_workflow.max_message_bytes');
INSERT INTO telling_contacts VALUES (3, 'beta', 'Caro', 'caro@example.test', NULL, NULL, 1, NULL);
SELECT workflow.enroll('partials', '3');
SELECT FROM workflow.tick('2031-01-20 11:00Z');
SELECT isnt_empty($$ SELECT FROM workflow.errors e WHERE e.workflow = 'partials' AND e.step = 'a' AND e.sqlstate IN ('WF009', '54000') $$, 'a longer message fails its step');

SELECT * FROM finish();
ROLLBACK;

-- Every recipe publishes on a plain binding, and a contact goes through it with its messages (A31, C38). Each use case that a recipe is for is played here.
BEGIN;
SELECT * FROM no_plan();
SET LOCAL client_min_messages = error;

CREATE TABLE r_contacts (id int PRIMARY KEY, name text, email text, phone text, tags text[] NOT NULL DEFAULT '{}', stage text, score int NOT NULL DEFAULT 0, owner text, country text, tz text,
  birthday date, customer_since date, last_seen_at timestamptz);
CREATE TABLE r_orders (id int PRIMARY KEY, contact_id int, total numeric(12,2), paid_at timestamptz, status text);
CREATE TABLE r_opportunities (id int PRIMARY KEY, contact_id int, stage text);
CREATE TABLE r_appointments (id int PRIMARY KEY, contact_id int, starts_at timestamptz);
CREATE TABLE r_tickets (id int PRIMARY KEY, contact_id int, status text DEFAULT 'open', severity text, agent text);
CREATE TABLE r_contracts (id int PRIMARY KEY, contact_id int, ends_on date, status text, usage int);
SELECT FROM workflow.attach('r_contacts', '{"entity": "contact", "zone": ["tz"]}');
SELECT FROM workflow.attach('r_orders', '{"entity": "order", "contact": [{"column": "contact_id"}], "events": {"order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}},
  "order.delivery": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "shipped"}}}}');
SELECT workflow.attach(('r_' || t)::regclass, jsonb_build_object('entity', e, 'contact', '[{"column": "contact_id"}]'::jsonb)) IS NOT NULL
  FROM (VALUES ('opportunities', 'opportunity'), ('appointments', 'appointment'), ('tickets', 'ticket'), ('contracts', 'contract')) x(t, e);
CREATE TEMP TABLE clock AS SELECT '2031-01-06 09:00Z'::timestamptz AS at;
-- Rounds from one due time to the next, for so long.
CREATE FUNCTION pg_temp.pass(long interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  present timestamptz := (SELECT c.at FROM clock c);
  ending timestamptz := present + long;
  next timestamptz;
BEGIN
  FOR turn IN 1 .. 200 LOOP
    PERFORM FROM workflow.tick(present);
    PERFORM FROM workflow.tick(present);
    SELECT min(s.due) INTO next FROM workflow.state s WHERE s.phase <> 'ended' AND s.due > present;
    EXIT WHEN next IS NULL OR next > ending;
    present := next;
  END LOOP;
  PERFORM FROM workflow.tick(ending);
  UPDATE clock SET at = ending;
END $$;
CREATE FUNCTION pg_temp.begin(recipe text, contact int, params jsonb = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_from_recipe(recipe, recipe, params);
  PERFORM workflow.publish(recipe);
  INSERT INTO r_contacts (id, name, email, phone, country) VALUES (contact, 'Contact ' || contact, contact || '@example.test', '+62' || contact, 'Germany') ON CONFLICT DO NOTHING;
  PERFORM pg_temp.pass('0');
END $$;
CREATE FUNCTION pg_temp.finish(recipe text) RETURNS void LANGUAGE sql AS $$ SELECT workflow.archive(recipe, true); SELECT pg_temp.pass('0') $$;
CREATE FUNCTION pg_temp.sent(recipe text, contact int) RETURNS text[] LANGUAGE sql AS $$
  SELECT array_agg(o.step ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = recipe AND o.contact_key = contact::text
$$;
CREATE FUNCTION pg_temp.opens(recipe text, contact int, step text, kind text = 'opened') RETURNS void LANGUAGE sql AS $$
  SELECT workflow.receipt(o.id, opens.kind, (SELECT c.at FROM clock c), '{"url": "https://example.com/crm"}') FROM workflow.outbox o WHERE o.workflow = recipe AND o.contact_key = contact::text AND o.step = opens.step
$$;
CREATE FUNCTION pg_temp.ended(recipe text, contact int) RETURNS text LANGUAGE sql AS $$
  SELECT max(e.reason) FROM workflow.enrollments e WHERE e.workflow = recipe AND e.contact_key = contact::text
$$;
CREATE FUNCTION pg_temp.tags(contact int) RETURNS text[] LANGUAGE sql AS $$ SELECT c.tags FROM r_contacts c WHERE c.id = contact $$;
CREATE FUNCTION pg_temp.tasks(recipe text) RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg(t.step || ': ' || coalesce(t.assignee, t.role, '') ORDER BY t.id) FROM workflow.tasks t WHERE t.workflow = recipe $$;

-- C38: what a person sees of them
SELECT is_empty($$ SELECT name FROM workflow.recipes WHERE level NOT IN ('beginner', 'intermediate', 'advanced') OR level IS NULL OR length(description) < 40 OR cardinality(extensions) < 2 OR title IS NULL $$,
  'C38: each has a level, a description, and ways to extend it');
SELECT is_empty($$ SELECT r.name, v.message FROM workflow.recipe r, workflow.validate(workflow.fill_recipe(r.document, '{}')) v WHERE v.severity = 'error' $$, 'A31: each may be published on a plain binding');
SELECT cmp_ok((SELECT count(*) FROM workflow.recipes), '>=', 28::bigint, 'A31: there are recipes');
SELECT throws_ok($$ SELECT workflow.create_from_recipe('lead-magnt', 'x') $$, 'WF002', 'there is no recipe "lead-magnt"', 'a recipe that is not there');
SELECT throws_ok($$ SELECT workflow.create_from_recipe('lead-magnet', 'x', '{"ofer": "y"}') $$, '22023', 'the recipe has no parameter "ofer"', 'a parameter that it has not');
SELECT is((SELECT workflow.create_from_recipe('lead-magnet', 'mine', '{"offer": "the book"}')), 1, 'what is made is a draft');
SELECT is((SELECT status FROM workflow.workflows WHERE name = 'mine'), 'draft', 'A31: to be edited');
SELECT matches(workflow.describe('mine'), 'Here is the book', 'with its parameters');
SELECT is((SELECT count(*) FROM workflow.simulate('mine', '1') s WHERE s.effect = 'failed'), 0::bigint, 'and may be tried');

-- C31
SELECT pg_temp.begin('lead-magnet', 1);
SELECT workflow.emit('form.submitted', '1', '{"form": "other"}'), workflow.emit('form.submitted', '1', '{"form": "content-offer"}');
SELECT pg_temp.pass('3 days');
SELECT is(pg_temp.sent('lead-magnet', 1), '{content,more}', 'C31: the content at once, more after two days');
SELECT pg_temp.pass('10 days');
SELECT is(pg_temp.sent('lead-magnet', 1), '{content,more,again}', 'C31, C15: once more to who does not open it');
SELECT is(pg_temp.tags(1), '{"content offer"}', 'C16: and a tag');
SELECT pg_temp.finish('lead-magnet');

-- C32
SELECT pg_temp.begin('how-was-your-chat', 2);
SELECT workflow.emit('chat.started', '2');
SELECT pg_temp.pass('2 hours');
SELECT is(pg_temp.sent('how-was-your-chat', 2), '{ask}', 'C32: a question after the chat');
SELECT pg_temp.opens('how-was-your-chat', 2, 'ask');
SELECT pg_temp.pass('3 days');
SELECT is(pg_temp.tags(2), '{"opened chat survey"}', 'C32, C09: who opens it is tagged, and not reminded');
SELECT is(pg_temp.sent('how-was-your-chat', 2), '{ask}', 'C32: only who does not open it is reminded');
SELECT pg_temp.finish('how-was-your-chat');

-- C33, A37
SELECT pg_temp.begin('lead-nurturing', 3);
INSERT INTO r_contacts (id, name, email, tags) VALUES (4, 'Silent', '4@example.test', '{lead}'), (5, 'Buyer', '5@example.test', '{lead}');
UPDATE r_contacts SET tags = '{lead}' WHERE id = 3;
SELECT pg_temp.pass('1 day');
SELECT pg_temp.opens('lead-nurturing', 3, 'welcome');
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (501, 5, 10, now());
SELECT pg_temp.pass('30 days');
SELECT is(pg_temp.sent('lead-nurturing', 3), '{welcome,education,demo,follow_up}', 'C33, A37, C08: the series goes by what the lead does');
SELECT is(pg_temp.sent('lead-nurturing', 4), '{welcome,education,why}', 'C28: another way for who does nothing');
SELECT is(pg_temp.tags(4), '{lead,"opened nothing"}', 'C29: who has opened none of them is tagged');
SELECT is(pg_temp.ended('lead-nurturing', 5), 'goal', 'C22, C30: who buys has reached the goal');
SELECT pg_temp.finish('lead-nurturing');

-- C34
SELECT pg_temp.begin('custom-audience', 6);
SELECT workflow.emit('page.visited', '6', '{"page": "/pricing?x=1"}');
SELECT pg_temp.pass('1 day');
SELECT is((SELECT o.data FROM workflow.outbox o WHERE o.workflow = 'custom-audience' AND o.step = 'add'), '{"action": "add", "audience": "visited pricing", "email": "6@example.test"}', 'C34, C18: into the audience');
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (601, 6, 10, now());
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.sent('custom-audience', 6), '{add,remove}', 'C34: who becomes a customer leaves it');
SELECT is(pg_temp.tags(6), '{}', 'C16: and the tag goes');
SELECT pg_temp.finish('custom-audience');

-- C35
SELECT pg_temp.begin('interest-tags', 7);
SELECT workflow.emit('page.visited', '7', '{"page": "/crm/features"}');
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.tags(7), '{"interested in crm"}', 'C35, C08: tagged by what was visited');
SELECT is(pg_temp.sent('interest-tags', 7), '{fitting}', 'C35: and told more');
SELECT workflow.emit('page.visited', '7', '{"page": "/crm/prices"}');
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.sent('interest-tags', 7), '{fitting}', 'once');
SELECT pg_temp.finish('interest-tags');

-- A38, A04
SELECT pg_temp.begin('appointment-reminders', 8);
INSERT INTO r_appointments SELECT 801, 8, c.at + interval '3 days' FROM clock c;
INSERT INTO r_appointments SELECT 802, 8, c.at + interval '9 days' FROM clock c;
SELECT pg_temp.pass('1 day');
SELECT is(pg_temp.sent('appointment-reminders', 8), '{confirm,confirm}', 'A04, A38: each appointment is confirmed');
DELETE FROM r_appointments WHERE id = 802;
SELECT pg_temp.pass('10 days');
SELECT is(pg_temp.sent('appointment-reminders', 8), '{confirm,confirm,tomorrow,soon,thanks}', 'A38: reminders before it and a word after; none of one that was cancelled');
SELECT pg_temp.finish('appointment-reminders');

-- A39
SELECT pg_temp.begin('action-follow-up', 9);
SELECT workflow.emit('resource.downloaded', '9');
SELECT pg_temp.pass('5 days');
SELECT is((SELECT array_agg(o.channel ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'action-follow-up'), '{email,sms}', 'A39: e-mail, then SMS');
SELECT pg_temp.finish('action-follow-up');

-- A40, D35
SELECT pg_temp.begin('customer-onboarding', 10);
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (1001, 10, 10, now());
SELECT pg_temp.pass('12 days');
SELECT is(pg_temp.sent('customer-onboarding', 10), '{welcome,setup,tips}', 'A40: welcome, instructions, tips');
SELECT is(pg_temp.tasks('customer-onboarding'), '{"call: success","help: success"}', 'D35: tasks for the success team, one more where the set-up is not done');
INSERT INTO r_contacts (id, name, email) VALUES (11, 'Quick', '11@example.test');
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (1101, 11, 10, now());
SELECT pg_temp.pass('1 hour');
SELECT workflow.emit('setup.finished', '11');
SELECT pg_temp.pass('12 days');
SELECT is((SELECT count(*) FROM workflow.tasks WHERE workflow = 'customer-onboarding' AND contact_key = '11'), 1::bigint, 'D35, G13: who has done it is led past');
SELECT pg_temp.finish('customer-onboarding');

-- A41, D39
SELECT pg_temp.begin('feedback-survey', 12);
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (1201, 12, 10, now());
SELECT pg_temp.pass('8 days');
SELECT workflow.emit('survey.answered', '12', '{"score": 3}');
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.sent('feedback-survey', 12), '{ask,alert}', 'A41, D39: a survey, and an alert on a bad answer');
SELECT is((SELECT o.recipient->>'team' FROM workflow.outbox o WHERE o.workflow = 'feedback-survey' AND o.step = 'alert'), 'support', 'D39: to the team');
SELECT pg_temp.finish('feedback-survey');

-- A42, D48
SELECT pg_temp.begin('lead-scoring', 13, '{"threshold": 25}');
SELECT workflow.emit('page.visited', '13'), workflow.emit('form.submitted', '13');
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT score FROM r_contacts WHERE id = 13), 21, 'A42: points for what a lead does');
SELECT is(pg_temp.tags(13), '{}', 'D48: not enough yet');
SELECT workflow.emit('form.submitted', '13');
SELECT pg_temp.pass('1 hour');
SELECT results_eq('SELECT score, owner, tags FROM r_contacts WHERE id = 13', $$ VALUES (41, 'sales-1', '{qualified}'::text[]) $$, 'D48, D16: a high score goes to a seller');
SELECT is((SELECT o.recipient->>'user' FROM workflow.outbox o WHERE o.workflow = 'lead-scoring'), 'sales-1', 'D17, C19: who is told');
SELECT pg_temp.finish('lead-scoring');

-- A43
SELECT pg_temp.begin('web-lead-capture', 14);
SELECT workflow.emit('form.submitted', '14', '{"message": "Call me"}');
SELECT pg_temp.pass('1 hour');
SELECT results_eq('SELECT stage, tags FROM r_contacts WHERE id = 14', $$ VALUES ('lead', '{web form}'::text[]) $$, 'A43, A06, C04: a form''s data goes into the CRM');
SELECT is((SELECT body FROM workflow.tasks WHERE workflow = 'web-lead-capture'), 'Call me', 'A43: and becomes somebody''s task');
SELECT pg_temp.finish('web-lead-capture');

-- A44, D43
SELECT pg_temp.begin('event-registration', 15);
SELECT workflow.emit('webinar.registered', '15', jsonb_build_object('webinar', 'Growth', 'starts_at', c.at + interval '5 days')) FROM clock c;
SELECT pg_temp.pass('4 days 1 hour');
SELECT is(pg_temp.sent('event-registration', 15), '{confirm,tomorrow}', 'A44, D43: confirmation, and a reminder before it');
SELECT pg_temp.pass('5 days');
SELECT is(pg_temp.sent('event-registration', 15), '{confirm,tomorrow,soon,survey}', 'A44, D43: an hour before, and a survey after it');
SELECT pg_temp.finish('event-registration');

-- A45
SELECT pg_temp.begin('abandoned-cart', 16);
INSERT INTO r_contacts (id, name, email) VALUES (17, 'Buyer', '17@example.test');
SELECT workflow.emit('cart.updated', '16'), workflow.emit('cart.updated', '17');
SELECT pg_temp.pass('30 minutes');
SELECT workflow.emit('cart.updated', '16');
SELECT pg_temp.pass('45 minutes');
SELECT is(pg_temp.sent('abandoned-cart', 16), NULL, 'A45: the hour counts from the last change');
SELECT is(pg_temp.sent('abandoned-cart', 17), '{remind}', 'A45: then comes the reminder');
INSERT INTO r_orders (id, contact_id, total) VALUES (1701, 17, 10);
SELECT pg_temp.pass('10 days');
SELECT is(pg_temp.sent('abandoned-cart', 16), '{remind,offer}', 'A45: and an offer');
SELECT is(pg_temp.sent('abandoned-cart', 17), '{remind}', 'A45: not to who has bought');
SELECT pg_temp.finish('abandoned-cart');

-- D33
SELECT pg_temp.begin('lead-assignment', 18);
SELECT pg_temp.pass('8 days');
SELECT is((SELECT owner FROM r_contacts WHERE id = 18), 'sales-de', 'D33: by geography');
INSERT INTO r_contacts (id, name, email, country) VALUES (19, 'Far', '19@example.test', 'Chile');
SELECT pg_temp.pass('8 days');
SELECT is((SELECT owner FROM r_contacts WHERE id = 19), 'sales-1', 'D33: else to somebody');
SELECT is(pg_temp.tasks('lead-assignment'), '{"task: sales-de","task: sales-1"}', 'D14: with a task each');
SELECT is(pg_temp.sent('lead-assignment', 18), '{tell,nurture}', 'D33: and nurtured over time');
SELECT pg_temp.finish('lead-assignment');

-- D34, D12
SELECT pg_temp.begin('opportunity-stages', 20);
INSERT INTO r_opportunities VALUES (2001, 20, 'new');
SELECT pg_temp.pass('15 days');
SELECT is(pg_temp.sent('opportunity-stages', 20), '{alert}', 'D34: an alert where nothing moves');
UPDATE r_opportunities SET stage = 'offer' WHERE id = 2001;
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT array_agg(title ORDER BY id) FROM workflow.tasks WHERE workflow = 'opportunity-stages'), '{"Next step with Contact 20 (new)","Next step with Contact 20 (offer)"}', 'D12, D34: tasks at each stage');
UPDATE r_opportunities SET stage = 'won' WHERE id = 2001;
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.sent('opportunity-stages', 20), '{alert,cheer}', 'D17, D34: and a word at the milestone');
SELECT pg_temp.finish('opportunity-stages');

-- D36, D21, D11
SELECT pg_temp.begin('ticket-sla', 21);
INSERT INTO r_tickets (id, contact_id, severity) VALUES (2101, 21, 'high'), (2102, 21, 'low');
SELECT pg_temp.pass('5 hours');
SELECT is((SELECT array_agg(agent ORDER BY id) FROM r_tickets), '{agent-1,agent-2}', 'D11, D36: tickets are assigned in turn');
SELECT bag_eq($$ SELECT unnest(pg_temp.sent('ticket-sla', 21)) $$, $$ VALUES ('got'), ('got'), ('alarm'), ('escalate_urgent') $$, 'D36, D21: an urgent one is escalated in hours');
UPDATE r_tickets SET status = 'solved' WHERE id = 2101;
SELECT pg_temp.pass('3 days');
SELECT is(pg_temp.tasks('ticket-sla'), '{"escalate: support lead"}', 'D21: the other one when its time is over');
UPDATE r_tickets SET status = 'solved' WHERE id = 2102;
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT count(*) FROM workflow.outbox WHERE workflow = 'ticket-sla' AND step = 'done'), 2::bigint, 'D36: the customer hears of each');
SELECT pg_temp.finish('ticket-sla');

-- D37, C01
SELECT pg_temp.begin('campaign', 22);
INSERT INTO r_contacts (id, name, email, tags) SELECT n, 'C' || n, n || '@example.test', CASE WHEN n % 2 = 0 THEN '{customer}' ELSE '{}' END::text[] FROM generate_series(2200, 2239) n;
SELECT workflow.emit('campaign.subscribed', n::text, '{"campaign": "spring"}') FROM generate_series(2200, 2239) n;
SELECT pg_temp.pass('20 days');
SELECT ok((SELECT count(*) FILTER (WHERE step = 'a') BETWEEN 5 AND 35 AND count(*) FILTER (WHERE step = 'b') BETWEEN 5 AND 35 AND count(*) FILTER (WHERE step IN ('a', 'b')) BETWEEN 25 AND 39
              FROM workflow.outbox WHERE workflow = 'campaign'), 'C01, D37: two subjects and a control group');
SELECT is((SELECT count(DISTINCT o.contact_key::int % 2) FROM workflow.outbox o WHERE o.workflow = 'campaign' AND o.step = 'customers'), 1::bigint, 'D37: segments by what they are');
SELECT is_empty($$ SELECT o.created_at FROM workflow.outbox o WHERE o.workflow = 'campaign' AND (extract(isodow FROM o.created_at AT TIME ZONE 'UTC') NOT BETWEEN 2 AND 4 OR extract(hour FROM o.created_at AT TIME ZONE 'UTC') NOT BETWEEN 9 AND 10) $$,
  'D37, B11: at the best time');
SELECT pg_temp.finish('campaign');

-- D38
SELECT pg_temp.begin('renewal', 23);
INSERT INTO r_contracts SELECT 2301, 23, (c.at + interval '70 days')::date, 'running', 90 FROM clock c;
INSERT INTO r_contracts SELECT 2302, 23, (c.at + interval '70 days')::date, 'running', 10 FROM clock c;
SELECT pg_temp.pass('45 days');
SELECT is((SELECT array_agg(o.step ORDER BY o.step) FROM workflow.outbox o WHERE o.workflow = 'renewal'), '{remind,remind,upsell}', 'D38: a reminder to the customer, and a recommendation by usage');
SELECT is(pg_temp.tasks('renewal'), '{"sales: sales","sales: sales"}', 'D38: a task for sales before');
UPDATE r_contracts SET status = 'renewed' WHERE id = 2301;
SELECT pg_temp.pass('30 days');
SELECT is((SELECT array_agg(o.step ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = 'renewal' AND o.step IN ('last', 'tell')), '{last,tell}', 'D38: who has renewed is left alone');
SELECT pg_temp.finish('renewal');

-- D40
SELECT pg_temp.begin('data-quality', 24);
INSERT INTO r_contacts (id, name, email) VALUES (25, 'Half', '  HALF@Example.test ');
SELECT pg_temp.pass('1 hour');
SELECT results_eq('SELECT email, tags FROM r_contacts WHERE id = 25', $$ VALUES ('half@example.test', '{incomplete}'::text[]) $$, 'D40: tidied, and marked as incomplete');
UPDATE r_contacts SET phone = '+6225' WHERE id = 25;
SELECT pg_temp.pass('1 hour');
SELECT is(pg_temp.tags(25), '{}', 'D40, C10: until it is complete');
SELECT pg_temp.finish('data-quality');

-- D41
SELECT pg_temp.begin('handover', 26);
INSERT INTO r_opportunities VALUES (2601, 26, 'new');
UPDATE r_opportunities SET stage = 'won' WHERE id = 2601;
SELECT pg_temp.pass('8 days');
SELECT is(pg_temp.tasks('handover'), NULL, 'semantics 2: inserted and changed in one transaction is an insert');
INSERT INTO r_opportunities VALUES (2602, 26, 'new');
SELECT pg_temp.pass('1 hour');
UPDATE r_opportunities SET stage = 'won' WHERE id = 2602;
SELECT pg_temp.pass('8 days');
SELECT is(pg_temp.tasks('handover'), '{"finance: finance","onboarding: onboarding"}', 'D41: work for several departments');
SELECT is(pg_temp.sent('handover', 26), '{tell,late}', 'D41, D21: and a word where it is not taken up');
SELECT pg_temp.finish('handover');

-- D42, A05
SELECT pg_temp.begin('order-updates', 27);
INSERT INTO r_orders (id, contact_id, total) VALUES (2701, 27, 99.50);
SELECT pg_temp.pass('4 days');
SELECT is(pg_temp.sent('order-updates', 27), '{confirm,unpaid}', 'D42: a confirmation, and a reminder where it is not paid');
UPDATE r_orders SET paid_at = now() WHERE id = 2701;
SELECT pg_temp.pass('1 day');
UPDATE r_orders SET status = 'shipped' WHERE id = 2701;
SELECT pg_temp.pass('20 days');
SELECT is(pg_temp.sent('order-updates', 27), '{confirm,unpaid,paid_mail,under_way,review}', 'A05, D42: payment, shipping, review');
SELECT matches((SELECT body FROM workflow.outbox WHERE workflow = 'order-updates' AND step = 'confirm'), 'The total is 99.50', 'D18: with the order''s data');
SELECT pg_temp.finish('order-updates');

-- D42: stock
SELECT pg_temp.begin('stock-alert', 28);
SELECT workflow.emit('stock.low', '28', '{"product": "Tea", "left": 3}'), workflow.emit('stock.back', '28', '{"product": "Rice"}');
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT array_agg(o.step || ': ' || o.subject ORDER BY o.step) FROM workflow.outbox o WHERE o.workflow = 'stock-alert'), '{"back: Rice is back","tell: Low stock: Tea"}', 'D42: stock that is low, and a product that is back');
SELECT pg_temp.finish('stock-alert');

-- D44
SELECT pg_temp.begin('document-approval', 29);
SELECT workflow.emit('document.submitted', '29', jsonb_build_object('document', d, 'version', 2)) FROM unnest('{A,B,C}'::text[]) d;
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT array_agg(title ORDER BY title) FROM workflow.tasks WHERE workflow = 'document-approval'), '{"Approve A, version 2","Approve B, version 2","Approve C, version 2"}', 'D44: routed to who approves, with the document''s version');
SELECT workflow.approve(id) FROM workflow.tasks WHERE title ~ 'Approve A';
SELECT workflow.reject(id, 'Too dear') FROM workflow.tasks WHERE title ~ 'Approve B';
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT array_agg(o.step || ': ' || o.body ORDER BY o.step) FROM workflow.outbox o WHERE o.workflow = 'document-approval' AND o.step = 'back'), '{"back: Too dear"}', 'D44: rejected with the reason');
SELECT pg_temp.pass('4 days');
SELECT is((SELECT array_agg(o.step ORDER BY o.step) FROM workflow.outbox o WHERE o.workflow = 'document-approval'), '{back,escalate,sign}', 'D44, D04: approved goes to be signed; what nobody decides is escalated');
SELECT pg_temp.finish('document-approval');

-- D45
SELECT pg_temp.begin('churn-prevention', 30);
UPDATE r_contacts SET last_seen_at = (SELECT c.at FROM clock c) WHERE id = 30;
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (3001, 30, 10, now());
SELECT pg_temp.pass('20 days');
UPDATE r_contacts SET last_seen_at = (SELECT c.at FROM clock c) WHERE id = 30;
SELECT pg_temp.pass('20 days');
SELECT is(pg_temp.sent('churn-prevention', 30), NULL, 'D45: who comes is left alone');
SELECT pg_temp.pass('20 days');
SELECT is(pg_temp.sent('churn-prevention', 30), '{alert,miss,offer}', 'D45: signs of leaving: an alert, a word, an offer');
SELECT workflow.emit('customer.returned', '30');
SELECT pg_temp.pass('20 days');
SELECT is(pg_temp.ended('churn-prevention', 30), 'goal', 'D45: who comes back has been kept');
SELECT pg_temp.finish('churn-prevention');

-- D46
SELECT pg_temp.begin('partner-commission', 31);
UPDATE r_contacts SET tags = '{partner}' WHERE id = 31;
INSERT INTO r_orders (id, contact_id, total, paid_at) VALUES (3101, 31, 249.90, now());
SELECT pg_temp.pass('1 hour');
SELECT is((SELECT title FROM workflow.tasks WHERE workflow = 'partner-commission'), 'Pay Contact 31 24.99', 'D46: the commission is reckoned');
SELECT pg_temp.finish('partner-commission');
SELECT pg_temp.begin('partner-onboarding', 32);
UPDATE r_contacts SET tags = '{partner}' WHERE id = 32;
SELECT pg_temp.pass('1 hour');
SELECT workflow.approve(id) FROM workflow.tasks WHERE workflow = 'partner-onboarding';
SELECT pg_temp.pass('20 days');
SELECT is(pg_temp.sent('partner-onboarding', 32), '{welcome,start,check}', 'D46, D48: partners are led in');
SELECT pg_temp.finish('partner-onboarding');

-- C36, C37: at the very hour, for a day that went by unseen is not made up for
SELECT pg_temp.begin('birthday-offer', 33);
UPDATE r_contacts SET birthday = ((SELECT c.at FROM clock c) + interval '3 days')::date - interval '30 years', tz = 'Asia/Jakarta' WHERE id = 33;
SELECT pg_temp.pass((((r.birthday + interval '30 years')::date + time '09:00') AT TIME ZONE 'Asia/Jakarta' - c.at)) FROM r_contacts r, clock c WHERE r.id = 33;
SELECT is((SELECT array_agg(o.step || ' ' || to_char(o.created_at AT TIME ZONE 'Asia/Jakarta', 'HH24:MI')) FROM workflow.outbox o WHERE o.workflow = 'birthday-offer'), '{congratulate 09:00}', 'C36, B03: on the birthday, in the morning where the contact lives');
SELECT is(pg_temp.tags(33), '{"birthday offer"}', 'C36: with a tag while the offer holds');
SELECT pg_temp.finish('birthday-offer');
SELECT pg_temp.begin('anniversary', 34);
UPDATE r_contacts SET customer_since = ((SELECT c.at FROM clock c) + interval '3 days')::date - interval '10 years' WHERE id = 34;
SELECT pg_temp.pass((((r.customer_since + interval '10 years')::date + time '22:00') AT TIME ZONE 'UTC' - c.at)) FROM r_contacts r, clock c WHERE r.id = 34;
SELECT is(pg_temp.sent('anniversary', 34), '{thanks,tell}', 'C37: thanks to a long-time customer');
SELECT pg_temp.finish('anniversary');

-- Nobody is left over, and none was forgotten
SELECT is((SELECT count(*) FROM workflow.errors), 0::bigint, 'nothing failed');
SELECT is_empty($$ SELECT r.name FROM workflow.recipes r WHERE r.name NOT IN ('birthday-offer', 'anniversary') AND NOT EXISTS (SELECT FROM workflow.outbox o WHERE o.workflow = r.name)
                      AND NOT EXISTS (SELECT FROM workflow.tasks t WHERE t.workflow = r.name) $$, 'A31: something came of each');

SELECT * FROM finish();
ROLLBACK;

-- What happens while somebody is in: open waits, goals, exits, responses, groups, splits, loops, pauses (semantics 4, 7, 11, 18 to 20, 23).
BEGIN;
SELECT plan(49);
SET LOCAL client_min_messages = error;

CREATE TABLE flow_contacts (id int PRIMARY KEY, email text, stage text, vip boolean DEFAULT false, seen_at timestamptz, n int DEFAULT 0);
CREATE TABLE flow_orders (id int PRIMARY KEY, contact_id int, status text, total numeric);
SELECT FROM workflow.attach('flow_contacts', '{"entity": "contact", "events": {"contact.stage_changed": {"when": {"field": "stage", "operator": "changed"}}}}');
SELECT FROM workflow.attach('flow_orders', '{"entity": "order", "contact": [{"column": "contact_id"}],
  "events": {"order.paid": {"once": true, "when": {"field": "status", "operator": "changedTo", "value": "paid"}}}}');
CREATE FUNCTION pg_temp.publish(name text, steps text, settings text = '{}', triggers text = NULL, goals text = '[]') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.create_workflow(name, jsonb_build_object('triggers', coalesce(triggers::jsonb, jsonb_build_array(jsonb_build_object('on', 't.' || replace(name, ' ', '_')))),
                                                            'settings', settings::jsonb, 'goals', goals::jsonb, 'steps', steps::jsonb));
  PERFORM workflow.publish(name);
END $$;
-- Hours of the first of June, 2031.
CREATE FUNCTION pg_temp.at(hours numeric) RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2031-06-01 00:00Z'::timestamptz + hours * interval '1 hour' $$;
CREATE FUNCTION pg_temp.tick(hours numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1..4 LOOP PERFORM workflow.tick(pg_temp.at(hours)); END LOOP;
END $$;
CREATE FUNCTION pg_temp.happen(name text, contact int, hours numeric, data jsonb = '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.emit('t.' || replace(name, ' ', '_'), contact::text, data, at => pg_temp.at(hours));
  PERFORM pg_temp.tick(hours);
END $$;
CREATE FUNCTION pg_temp.said(name text, contact int) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(o.body, ',' ORDER BY o.id) FROM workflow.outbox o WHERE o.workflow = name AND o.contact_key = contact::text $$;
CREATE FUNCTION pg_temp.stands(name text, contact int) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(coalesce(e.reason, e.state || ' ' || e.step), ',' ORDER BY e.entry_number) FROM workflow.enrollments e WHERE e.workflow = name AND e.contact_key = contact::text $$;
CREATE FUNCTION pg_temp.say(text) RETURNS text LANGUAGE sql AS $$ SELECT format('{"type": "send", "channel": "push", "body": "%s"}', $1) $$;
INSERT INTO flow_contacts SELECT n, 'c' || n || '@example.test', 'lead' FROM generate_series(1, 60) n;
INSERT INTO flow_orders SELECT n, n, 'open', 10 * n FROM generate_series(1, 30) n;
SELECT pg_temp.tick(0);

-- semantics 18: until_event
SELECT pg_temp.publish('paid', format('[{"id": "w", "type": "wait", "until_event": {"on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 15}},
  "timeout": "1 day", "on_timeout": [%s]}, %s]', pg_temp.say('late'), pg_temp.say('thanks')));
SELECT pg_temp.happen('paid', n, 1) FROM generate_series(1, 3) n;
UPDATE flow_orders SET status = 'paid' WHERE id IN (1, 2);
SELECT pg_temp.tick(2);
SELECT is(pg_temp.said('paid', 2), 'thanks', 'semantics 18: the event ends the wait');
SELECT is(pg_temp.stands('paid', 1), 'waiting w', 'semantics 18: one that its filter does not want does not');
SELECT is(pg_temp.stands('paid', 3), 'waiting w', 'semantics 18: nor that of another contact');
SELECT pg_temp.tick(26);
SELECT is(pg_temp.said('paid', 3), 'late,thanks', 'semantics 18: the timeout takes its own way, and goes on after the wait');
SELECT results_eq($$ SELECT what, detail FROM workflow.history WHERE workflow = 'paid' AND contact_key = '2' ORDER BY id $$,
  $$ VALUES ('entered', 't.paid'), ('waiting', 'for order.paid until 2031-06-02T01:00:00Z'), ('met', 'order.paid'), ('sent', ''), ('ended', 'completed') $$, 'semantics 18: the history says so');

-- semantics 18: what came before the wait
SELECT pg_temp.publish('back ' || l, format('[{"type": "wait", "for": "2 hours"}, {"id": "w", "type": "wait", "until_event": "t.signal", "lookback": "%s", "timeout": "1 day"}, %s]', l, pg_temp.say('x')))
  FROM unnest('{since_entry,since_step,none}'::text[]) l;
SELECT pg_temp.happen('back ' || l, 4, 30) FROM unnest('{since_entry,since_step,none}'::text[]) l;
SELECT pg_temp.happen('signal', 4, 31);
SELECT pg_temp.tick(32);
SELECT is(ARRAY[pg_temp.stands('back since_entry', 4), pg_temp.stands('back since_step', 4), pg_temp.stands('back none', 4)], '{completed,"waiting w","waiting w"}',
  'semantics 18: kept beside the enrollment since entry, unless lookback says otherwise');
SELECT pg_temp.happen('signal', 4, 33);
SELECT is(ARRAY[pg_temp.stands('back since_step', 4), pg_temp.stands('back none', 4)], '{completed,completed}', 'semantics 18: the next one ends them');

-- semantics 18: until
SELECT pg_temp.publish('vip', format('[{"id": "w", "type": "wait", "until": {"field": "contact.vip", "operator": "=", "value": true}, "forever": true}, %s]', pg_temp.say('vip')));
UPDATE flow_contacts SET vip = true WHERE id = 5;
SELECT pg_temp.tick(33);
SELECT pg_temp.happen('vip', n, 34) FROM unnest('{5,6}'::int[]) n;
SELECT is(ARRAY[pg_temp.said('vip', 5), pg_temp.stands('vip', 6)], '{vip,"waiting w"}', 'semantics 18: until passes at once where it holds');
SELECT is((SELECT due FROM workflow.waiting WHERE workflow = 'vip'), NULL, 'semantics 18: a wait without end has no timer');
UPDATE flow_contacts SET n = 1 WHERE id = 6;
UPDATE flow_contacts SET vip = true WHERE id = 6;
SELECT pg_temp.tick(35);
SELECT is(pg_temp.said('vip', 6), 'vip', 'semantics 18: it is looked at again when the row changes');
SELECT pg_temp.publish('idle', format('[{"id": "w", "type": "wait", "until": {"field": "contact.seen_at", "operator": "olderThan", "value": "3 hours"}, "timeout": "9 days"}, %s]', pg_temp.say('idle')));
UPDATE flow_contacts SET seen_at = pg_temp.at(36) WHERE id = 7;
SELECT pg_temp.happen('idle', 7, 36);
UPDATE flow_contacts SET seen_at = pg_temp.at(37) WHERE id = 7;
SELECT pg_temp.tick(39.5);
SELECT is(pg_temp.stands('idle', 7), 'waiting w', 'semantics 18: olderThan is counted from the value as it is now');
SELECT pg_temp.tick(40.5);
SELECT is(pg_temp.said('idle', 7), 'idle', 'semantics 18: it is looked at when time alone makes it hold');

-- semantics 19: goals
SELECT pg_temp.publish('exit', format('[{"id": "w", "type": "wait", "for": "1 day"}, %s]', pg_temp.say('buy')), goals => '[{"id": "bought", "on": "order.paid", "count_within": "2 hours"}]');
SELECT pg_temp.happen('exit', n, 41) FROM generate_series(8, 10) n;
UPDATE flow_orders SET status = 'paid' WHERE id = 8;
SELECT pg_temp.tick(42);
UPDATE flow_orders SET status = 'paid' WHERE id = 9;
SELECT pg_temp.tick(50);
SELECT is(ARRAY[pg_temp.stands('exit', 8), pg_temp.stands('exit', 9), pg_temp.stands('exit', 10)], '{goal,goal,"waiting w"}', 'semantics 19, 23: a goal that is reached ends it');
SELECT results_eq($$ SELECT contact_key, goal, counted FROM workflow.goals_reached ORDER BY 1 $$, $$ VALUES ('8', 'bought', true), ('9', 'bought', false) $$, 'semantics 19: it is recorded, and counted in time only');
SELECT results_eq($$ SELECT version, goal, holdout, entries, reached, rate, contacts, contacts_reached, late FROM workflow.goals('exit') $$,
  $$ VALUES (1, 'bought', false, 3::bigint, 1::bigint, 0.3333, 3::bigint, 1::bigint, 1::bigint) $$, 'semantics 19: rates per goal and version, by entry and by contact');
SELECT pg_temp.publish('jump', format('[%s, {"id": "w", "type": "wait", "for": "9 days"}, %s, {"id": "g", "type": "goal", "goal": "bought", "timeout": "30 days"}, %s]',
  pg_temp.say('a'), pg_temp.say('b'), pg_temp.say('thanks')), goals => '[{"id": "bought", "on": "order.paid", "then": "jump"}]');
SELECT pg_temp.happen('jump', 11, 51);
UPDATE flow_orders SET status = 'paid' WHERE id = 11;
SELECT pg_temp.tick(52);
SELECT is(pg_temp.said('jump', 11), 'a,thanks', 'semantics 19: or leads to its step');
SELECT pg_temp.publish('after', format('[%s]', pg_temp.say('bye')), goals => '[{"id": "back", "on": "order.paid", "count_after_exit": "7 days"}]');
SELECT pg_temp.happen('after', n, 53) FROM generate_series(12, 13) n;
UPDATE flow_orders SET status = 'paid' WHERE id = 12;
SELECT pg_temp.tick(54);
SELECT is((SELECT array_agg(contact_key || counted) FROM workflow.goals_reached WHERE workflow = 'after'), '{12true}', 'semantics 19: count_after_exit counts after the end');
SELECT is(workflow.retire_versions(), 0::bigint, 'semantics 9, 19: what counts still is listened for');
UPDATE flow_orders SET status = 'paid' WHERE id = 13;
SELECT pg_temp.tick(53 + 7 * 24 + 1);
SELECT is((SELECT count(*) FROM workflow.goals_reached WHERE workflow = 'after'), 1::bigint, 'semantics 19: but not for ever');
SELECT pg_temp.publish('met', '[{"type": "wait", "for": "1 day"}]', goals => '[{"id": "vip", "if": {"field": "contact.vip", "operator": "=", "value": true}}]');
SELECT pg_temp.happen('met', n, 230) FROM unnest('{5,14}'::int[]) n;
SELECT is((SELECT reason FROM workflow.refusals WHERE workflow = 'met'), 'goal_met', 'semantics 5, 19: who has reached it already does not enter');
UPDATE flow_contacts SET vip = true WHERE id = 14;
SELECT pg_temp.tick(231);
SELECT is(pg_temp.stands('met', 14), 'goal', 'semantics 19: a goal by a condition');

-- semantics 19: by the row that it is about; the entering event is no news
SELECT pg_temp.publish('orders', '[{"type": "wait", "for": "9 days"}]', triggers => '[{"on": "order.created"}]', goals => '[{"id": "bought", "on": "order.paid"}]');
INSERT INTO flow_orders VALUES (101, 15, 'open', 1), (102, 15, 'open', 1);
SELECT pg_temp.tick(232);
UPDATE flow_orders SET status = 'paid' WHERE id = 102;
SELECT pg_temp.tick(233);
SELECT results_eq($$ SELECT entry_key, coalesce(reason, state) FROM workflow.enrollments WHERE workflow = 'orders' ORDER BY 1 $$, $$ VALUES ('101', 'waiting'), ('102', 'goal') $$,
  'definition: an event of the key''s own entity concerns the enrollment of that row');
SELECT pg_temp.publish('again', '[{"type": "wait", "for": "9 days"}]', '{"entry_key": "contact"}', '[{"on": "t.x"}, {"on": "t.y"}]', '[{"id": "y", "on": "t.y"}]');
SELECT pg_temp.happen('y', 16, 234);
SELECT is(pg_temp.stands('again', 16), 'waiting wait-1', 'semantics 19: the entering event is excluded');
SELECT pg_temp.happen('y', 16, 235);
SELECT is(pg_temp.stands('again', 16), 'goal', 'semantics 19: the next one counts');

-- exits
SELECT pg_temp.publish('exits', format('[{"type": "wait", "for": "1 day"}, %s]', pg_temp.say('x')), '{"exit": [{"on": "t.cancel", "filter": {"field": "event.data.sure", "operator": "=", "value": true}},
  {"field": "contact.stage", "operator": "=", "value": "lost"}]}');
SELECT pg_temp.happen('exits', n, 240) FROM generate_series(17, 20) n;
SELECT pg_temp.happen('cancel', 17, 241, '{"sure": true}');
SELECT pg_temp.happen('cancel', 18, 241, '{"sure": false}');
UPDATE flow_contacts SET stage = 'lost' WHERE id = 19;
SELECT pg_temp.tick(242);
SELECT is(ARRAY[pg_temp.stands('exits', 17), pg_temp.stands('exits', 18), pg_temp.stands('exits', 19)], '{condition,"waiting wait-1",condition}', 'semantics 21, 23: an exit by event and by condition');
SELECT pg_temp.tick(265);
SELECT is(pg_temp.said('exits', 20), 'x', 'who has no reason to leave goes on');

-- semantics 20: responses
SELECT pg_temp.publish('reply ' || scope, format('[%s, {"type": "wait", "for": "9 days"}]', pg_temp.say('hi')), format('{"stop_on_response": "%s", "reentry": "after_exit", "reentry_after_response": true}', scope))
  FROM unnest('{enrollment,workflow,any_inbound}'::text[]) scope;
SELECT pg_temp.happen('reply ' || scope, 21, 270) FROM unnest('{enrollment,workflow,any_inbound}'::text[]) scope;
CREATE FUNCTION pg_temp.reply(contact int, hours numeric, of_workflow text, automatic boolean = false) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM workflow.emit('message.replied', contact::text, jsonb_build_object('channel', 'push', 'automatic', automatic, 'enrollment',
    (SELECT enrollment FROM workflow.enrollments WHERE workflow = of_workflow AND contact_key = contact::text)), at => pg_temp.at(hours));
  PERFORM pg_temp.tick(hours);
END $$;
SELECT pg_temp.reply(21, 271, 'reply enrollment', true);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow LIKE 'reply%' AND state = 'waiting'), 3::bigint, 'semantics 20: auto-replies do not count');
SELECT pg_temp.reply(21, 272, 'reply enrollment');
SELECT is(ARRAY[pg_temp.stands('reply enrollment', 21), pg_temp.stands('reply workflow', 21), pg_temp.stands('reply any_inbound', 21)],
  '{response,"waiting wait-1",response}', 'semantics 20: a response ends what its scope names');
SELECT is((SELECT state FROM workflow.claim('push', 1000) c JOIN workflow.outbox o ON o.id = c.id WHERE o.workflow = 'reply enrollment'), NULL, 'semantics 20: its messages are not claimed any more');
SELECT pg_temp.happen('reply enrollment', 21, 273);
SELECT is(pg_temp.stands('reply enrollment', 21), 'response,waiting wait-1', 'semantics 4: reentry_after_response lets in again');

-- semantics 4: groups and restarts
SELECT pg_temp.publish(name, '[{"type": "wait", "for": "9 days"}]', '{"exclusive_group": "nurture"}') FROM unnest('{cold,warm}'::text[]) name;
SELECT pg_temp.happen('cold', 22, 280);
SELECT pg_temp.happen('warm', 22, 281);
SELECT is(ARRAY[pg_temp.stands('cold', 22), pg_temp.stands('warm', 22)], '{superseded,"waiting wait-1"}', 'definition: entering one of a group ends the others');
SELECT workflow.emit('t.cold', '23', at => pg_temp.at(282)), workflow.emit('t.warm', '23', at => pg_temp.at(282));
SELECT pg_temp.tick(282);
SELECT is(ARRAY[pg_temp.stands('cold', 23), pg_temp.stands('warm', 23)], '{superseded,"waiting wait-1"}', 'definition: also within one round');
SELECT pg_temp.publish('restart', '[{"type": "wait", "for": "2 hours"}]', '{"while_live": "restart"}');
SELECT pg_temp.happen('restart', 24, 283);
SELECT pg_temp.happen('restart', 24, 284);
SELECT is(pg_temp.stands('restart', 24), 'superseded,waiting wait-1', 'semantics 4: while_live restart');
SELECT is((SELECT due FROM workflow.waiting WHERE workflow = 'restart'), pg_temp.at(286), 'and it begins anew');

-- split, holdout, goto
SELECT pg_temp.publish('split', format('[{"id": "s", "type": "split", "paths": [{"name": "a", "weight": 1, "steps": [%s]}, {"name": "b", "weight": 1, "steps": [%s]},
  {"name": "none", "weight": 2, "holdout": true}]}, %s]', pg_temp.say('a'), pg_temp.say('b'), pg_temp.say('all')), goals => '[{"id": "paid", "on": "order.paid", "count_after_exit": "1 day"}]');
SELECT workflow.emit('t.split', n::text, at => pg_temp.at(290)) FROM generate_series(1, 60) n;
SELECT pg_temp.tick(290);
SELECT is((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'split' AND holdout = 's/none') + (SELECT count(DISTINCT contact_key) FROM workflow.outbox WHERE workflow = 'split'), 60::bigint,
  'definition: a control group gets no messages, all others do');
SELECT cmp_ok((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'split' AND holdout IS NOT NULL), '>', 15::bigint, 'by weight');
SELECT cmp_ok((SELECT count(*) FROM workflow.enrollments WHERE workflow = 'split' AND holdout IS NOT NULL), '<', 45::bigint, 'by weight');
SELECT is((SELECT array_agg(holdout ORDER BY holdout) FROM workflow.goals('split')), '{f,t}', 'definition: reports tell the control group');
SELECT pg_temp.publish('loop', format('[{"id": "w", "type": "wait", "for": "1 hour"}, %s, {"id": "more", "type": "goto", "step": "w", "if": {"field": "contact.vip", "operator": "=", "value": false}}]', pg_temp.say('x')));
SELECT pg_temp.happen('loop', 26, 300);
SELECT pg_temp.tick(300 + n) FROM generate_series(1, 3) n;
UPDATE flow_contacts SET vip = true WHERE id = 26;
SELECT pg_temp.tick(304);
SELECT is(ARRAY[pg_temp.said('loop', 26), pg_temp.stands('loop', 26)], '{"x,x,x,x",completed}', 'definition: goto leads back until its condition fails');
SELECT pg_temp.publish('spin', '[{"id": "top", "type": "set", "contact": {"n": {"add": 1}}}, {"type": "goto", "step": "top"}]');
SELECT pg_temp.happen('spin', 27, 305);
SELECT is(pg_temp.stands('spin', 27), 'error', 'definition: a loop without a wait ends with an error');

-- semantics 7: completed and exited; the chain
SELECT pg_temp.publish('next', format('[%s]', pg_temp.say('{{ event.data.workflow }} {{ event.data.reason }}')), '{"reentry": "every_event"}', '[{"on": "workflow.completed", "filter":
  {"field": "event.data.workflow", "operator": "=", "value": "first"}}, {"on": "workflow.exited"}]');
SELECT pg_temp.publish('first', '[{"type": "stop", "reason": "x", "if": {"field": "contact.vip", "operator": "=", "value": true}}]');
SELECT pg_temp.happen('first', 28, 310);
SELECT is(pg_temp.said('next', 28), 'first completed', 'definition: workflow.completed enters the next');
SELECT pg_temp.happen('first', 5, 311);
SELECT is(pg_temp.said('next', 5), 'first stopped', 'definition: workflow.exited with its reason');
SELECT is((SELECT e.depth::int FROM workflow.enrollment e JOIN workflow.workflow w ON w.id = e.workflow WHERE w.name = 'next' AND e.contact_key = '28'), 1, 'semantics 7: the chain travels with the event');
SELECT is((SELECT count(*) FROM workflow.refusals WHERE workflow = 'next' AND reason = 'loop'), 0::bigint, 'nothing was a loop so far');
SELECT pg_temp.publish('often', '[{"type": "stop"}]', '{"reentry": "every_event"}');
SELECT workflow.emit('t.often', '29', event_id => 'o' || n, at => pg_temp.at(320)) FROM generate_series(1, 22) n;
SELECT pg_temp.tick(320);
SELECT results_eq($$ SELECT (SELECT count(*) FROM workflow.enrollments WHERE workflow = 'often'), (SELECT count(*) FROM workflow.refusals WHERE workflow = 'often' AND reason = 'loop') $$,
  'VALUES (20::bigint, 2::bigint)', 'semantics 7: more than 20 entries of one key in an hour are refused');

-- semantics 11: pauses
SELECT pg_temp.publish('p ' || mode, format('[{"id": "w", "type": "wait", "for": "4 hours"}, %s, {"id": "z", "type": "wait", "for": "9 days"}]', pg_temp.say('x')), format('{"on_resume": "%s"}', mode))
  FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) mode;
SELECT pg_temp.publish('p event', format('[{"id": "w", "type": "wait", "until_event": "t.signal", "lookback": "none", "timeout": "4 hours"}, %s]', pg_temp.say('x')), goals => '[{"id": "g", "on": "t.goal"}]');
SELECT pg_temp.happen('p ' || mode, 30, 330) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue,event}'::text[]) mode;
SELECT pg_temp.happen('p event', 31, 330);
SELECT workflow.pause('p ' || mode) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue,event}'::text[]) mode;
SELECT pg_temp.happen('signal', 30, 331);
SELECT pg_temp.happen('goal', 31, 331);
SELECT is(ARRAY[pg_temp.stands('p event', 30), pg_temp.stands('p event', 31)], '{"waiting w",goal}', 'semantics 11: while paused nobody goes on; a goal is reached all the same');
SELECT pg_temp.tick(340);
SELECT workflow.resume('p ' || mode) FROM unnest('{freeze,catch_up,restart_delay,drop_overdue,event}'::text[]) mode;
SELECT pg_temp.tick(340);
SELECT is(pg_temp.said('p event', 30), 'x', 'semantics 11: what was heard is acted on when it is resumed');
SELECT results_eq($$ SELECT mode, pg_temp.said('p ' || mode, 30), pg_temp.stands('p ' || mode, 30), (SELECT due FROM workflow.waiting WHERE workflow = 'p ' || mode)
  FROM unnest('{freeze,catch_up,restart_delay,drop_overdue}'::text[]) WITH ORDINALITY u(mode, o) ORDER BY o $$,
  $$ VALUES ('freeze', NULL, 'waiting w', pg_temp.at(344)), ('catch_up', 'x', 'waiting z', pg_temp.at(340 + 216)), ('restart_delay', NULL, 'waiting w', pg_temp.at(344)),
            ('drop_overdue', NULL, 'waiting z', pg_temp.at(334 + 216)) $$, 'semantics 11: on_resume');
SELECT is_empty('SELECT * FROM workflow.errors', 'semantics 29: nothing failed');

SELECT * FROM finish();
ROLLBACK;

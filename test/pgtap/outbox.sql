-- The outbox without a round: messages are put into its tables by hand.
BEGIN;
SELECT plan(91);
SET LOCAL client_min_messages = warning;

INSERT INTO workflow.workflow (id, name, status, published) VALUES (1001, 'one', 'published', 1), (1002, 'two', 'published', 1);

-- The tables of a day long gone, in which numbers are small.
DO $$ BEGIN
  PERFORM workflow.make_child('outcome', 'outcome_20200101', 'message', '0', (1::bigint << 40)::text),
          workflow.make_child('lease', 'lease_20200101', 'message', '0', (1::bigint << 40)::text),
          workflow.make_child('message', 'message_20200101', 'id', '0', (1::bigint << 40)::text);
END $$;
-- A message of enrollment `enrollment`, due so long ago. What is due later lies in the queue until then.
CREATE FUNCTION pg_temp.put(id bigint, channel text, category text = 'marketing', due_ago interval = '1 hour', expires timestamptz = NULL,
                            workflow integer = 1001, enrollment bigint = NULL) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.message_20200101 (id, account, contact_key, channel, rank, kind, category, recipient, mark_as_read, workflow, workflow_id, version, step,
                                         enrollment, idempotency_key, due_at, expires_at, created_at)
  VALUES (id, 'acme', 'c' || id, channel, array_position('{transactional,informational,marketing}', category) - 1, 'message', category,
          '{"email": "a@b.test"}', false, 'one', workflow, 1, 'hello', coalesce(enrollment, id), 'key-' || id, now() - due_ago, expires, now());
  INSERT INTO workflow.lease_20200101 (message, visible_at, at, seq, attempt, rank, channel)
  SELECT id, now() - due_ago, now(), 1, 0, array_position('{transactional,informational,marketing}', category) - 1, channel WHERE due_ago < '0'
$$;
-- As if the last lease of these messages ended at `ends`, of an attempt of that number.
CREATE FUNCTION pg_temp.lease_again(ids bigint[], ends timestamptz, attempt integer = NULL) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.lease_20200101 (message, visible_at, at, seq, attempt, rank, token, channel, reason)
  SELECT l.message, ends, l.at, l.seq + 1, coalesce(lease_again.attempt, l.attempt), l.rank, l.token, l.channel, l.reason
    FROM (SELECT DISTINCT ON (n.message) n.* FROM workflow.lease_20200101 n WHERE n.message = ANY (ids) ORDER BY n.message, n.seq DESC) l
$$;
CREATE FUNCTION pg_temp.state(id bigint) RETURNS text LANGUAGE sql AS $$ SELECT o.state FROM workflow.outbox o WHERE o.id = state.id $$;
CREATE TEMP TABLE held (what text PRIMARY KEY, token uuid) ON COMMIT DROP;

-- semantics 25: order, lease, token
SELECT pg_temp.put(11, 'order', 'marketing', '3 hours'), pg_temp.put(12, 'order', 'transactional', '1 hour'),
       pg_temp.put(13, 'order', 'informational', '2 hours'), pg_temp.put(14, 'order', 'marketing', '4 hours'),
       pg_temp.put(15, 'order', 'transactional', '1 hour'), pg_temp.put(16, 'order', 'transactional', '-1 hour');
SELECT results_eq($$ SELECT id FROM workflow.claim('order', 4) $$, '{12,15,13,11}'::bigint[],
                  'semantics 25: transactional, informational, marketing, then in the order in which they were written');
SELECT results_eq($$ SELECT id FROM workflow.claim('order', 4) $$, '{14}'::bigint[], 'semantics 25: what is leased is hidden; what is not due is not there');
SELECT is_empty($$ SELECT id FROM workflow.claim('order', 4) $$, 'nothing is left');
SELECT is_empty($$ SELECT id FROM workflow.claim('another channel') $$, 'a channel without messages gives nothing');

SELECT pg_temp.put(n, 'lease') FROM generate_series(21, 24) n;
INSERT INTO held SELECT 'lease', token FROM workflow.claim('lease', 2, '1 minute') LIMIT 1;
SELECT is((SELECT count(DISTINCT d.token) FROM workflow.lease d WHERE d.message IN (21, 22)), 1::bigint, 'one token for all messages of a claim');
SELECT is((SELECT lease_until BETWEEN clock_timestamp() + interval '4 minutes' AND clock_timestamp() + interval '6 minutes'
             FROM workflow.claim('lease', 1, '5 minutes')), true, 'lease_until is now and the lease');
SELECT is((SELECT attempt FROM workflow.claim('lease', 1)), 1, 'the first claim is attempt 1');
SELECT is(pg_temp.state(21), 'leased', 'the view shows a leased message');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'lease'), '{21}'), 1::bigint, 'ack of some acknowledges those');
SELECT is(pg_temp.state(21) || ' ' || pg_temp.state(22), 'sent leased', 'semantics 25: each message has its own outcome');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'lease')), 1::bigint, 'ack of the token acknowledges the rest');
SELECT throws_ok(format('SELECT workflow.ack(%L)', (SELECT token FROM held WHERE what = 'lease')), 'WF005', NULL, 'semantics 25: acknowledging twice is refused');
SELECT throws_ok(format('SELECT workflow.ack(%L, %L)', (SELECT token FROM held WHERE what = 'lease'), '{22}'), 'WF005', NULL, 'so it is for one of them');
SELECT throws_ok($$ SELECT workflow.ack('00000000-0000-0000-0000-000000000000') $$, 'WF005',
                 'the lease of token 00000000-0000-0000-0000-000000000000 was lost', 'an unknown token is a lost one');

-- A lease that ran out
SELECT pg_temp.put(31, 'expired lease'), pg_temp.put(32, 'expired lease');
INSERT INTO held SELECT 'first', token FROM workflow.claim('expired lease', 2) LIMIT 1;
SELECT pg_temp.lease_again('{31,32}', now() - interval '1 second');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'first'), '{32}'), 1::bigint, 'a lease that ran out and was not taken still counts');
SELECT results_eq($$ SELECT id, attempt FROM workflow.claim('expired lease') $$, 'VALUES (31::bigint, 2)', 'semantics 25: what ran out is claimed again, by the next attempt');
SELECT throws_ok(format('SELECT workflow.ack(%L)', (SELECT token FROM held WHERE what = 'first')), 'WF005', NULL, 'semantics 25: a lease that was taken is lost');
SELECT throws_ok(format('SELECT workflow.nack(%L, 31, %L)', (SELECT token FROM held WHERE what = 'first'), 'down'), 'WF005', NULL, 'lost for nack as well');
SELECT throws_ok(format('SELECT workflow.extend(%L, %L)', (SELECT token FROM held WHERE what = 'first'), '1 minute'), 'WF005', NULL, 'and for extend');

-- ack_token
SELECT pg_temp.put(41, 'loop'), pg_temp.put(42, 'loop');
INSERT INTO held SELECT 'loop', token FROM workflow.claim('loop', 1);
SELECT results_eq(format('SELECT id FROM workflow.claim(%L, 1, ack_token => %L)', 'loop', (SELECT token FROM held WHERE what = 'loop')), '{42}'::bigint[], 'claim with ack_token goes on');
SELECT is(pg_temp.state(41), 'sent', 'and has acknowledged what was claimed before');
SELECT throws_ok(format('SELECT * FROM workflow.claim(%L, 1, ack_token => %L)', 'loop', (SELECT token FROM held WHERE what = 'loop')), 'WF005', NULL, 'a lost ack_token refuses the claim');

-- extend
SELECT pg_temp.put(51, 'extend');
INSERT INTO held SELECT 'extend', token FROM workflow.claim('extend');
SELECT is(workflow.extend((SELECT token FROM held WHERE what = 'extend'), '1 hour') > clock_timestamp() + interval '1 hour', true, 'extend counts from the end of the lease');
SELECT is((SELECT o.lease_until > clock_timestamp() + interval '1 hour' FROM workflow.outbox o WHERE o.id = 51), true, 'and hides the message so long');
SELECT throws_ok(format('SELECT workflow.extend(%L, %L)', (SELECT token FROM held WHERE what = 'extend'), '-1 hour'), '22023', NULL, 'extend by less than nothing is refused');

-- semantics 26: backoff and the last attempt (how long: test/unit/delivery_test.cpp)
SELECT pg_temp.put(n, 'nack') FROM generate_series(61, 64) n;
INSERT INTO held SELECT 'nack', token FROM workflow.claim('nack', 4) LIMIT 1;
SELECT is(workflow.nack((SELECT token FROM held WHERE what = 'nack'), 61, 'timeout'), 'ready', 'a failed attempt makes it claimable again');
SELECT is((SELECT o.claimable_at BETWEEN clock_timestamp() + interval '14 seconds' AND clock_timestamp() + interval '31 seconds' FROM workflow.outbox o WHERE o.id = 61), true,
          'semantics 26: after its backoff');
SELECT is((SELECT o.reason FROM workflow.outbox o WHERE o.id = 61), 'timeout', 'with the reason of the last attempt');
SELECT is(workflow.nack((SELECT token FROM held WHERE what = 'nack'), 62, 'rate limit', '10 minutes'), 'ready', 'retry_after is taken');
SELECT is((SELECT o.claimable_at > clock_timestamp() + interval '9 minutes' FROM workflow.outbox o WHERE o.id = 62), true, 'as the sender says');
SELECT is(workflow.nack((SELECT token FROM held WHERE what = 'nack'), 63, 'no such mailbox', permanent => true), 'failed', 'semantics 26: a permanent failure');
SELECT pg_temp.lease_again('{64}', clock_timestamp() + interval '1 minute', 10);
SELECT is(workflow.nack((SELECT token FROM held WHERE what = 'nack'), 64, 'timeout'), 'dead', 'semantics 26: after the last attempt dead');
SELECT is_empty($$ SELECT id FROM workflow.claim('nack', 10) $$, 'none of them comes back before its time');
SELECT throws_ok(format('SELECT workflow.nack(%L, 61, %L)', (SELECT token FROM held WHERE what = 'nack'), 'again'), 'WF005', NULL, 'a message given back is no longer held');
SELECT pg_temp.put(65, 'crash');
INSERT INTO workflow.lease_20200101 (message, visible_at, at, seq, attempt, rank, token, channel) VALUES (65, now(), now(), 1, 10, 2, gen_random_uuid(), 'crash');
SELECT is_empty($$ SELECT id FROM workflow.claim('crash') $$, 'semantics 26: leases that run out use up attempts too');
SELECT is(pg_temp.state(65), 'dead', 'and the message is dead');

-- semantics 21: looked at when claimed
SELECT pg_temp.put(71, 'checks', expires => now() - interval '1 minute'), pg_temp.put(72, 'checks', enrollment => 9072),
       pg_temp.put(73, 'checks', enrollment => 9073), pg_temp.put(74, 'checks', workflow => 1002), pg_temp.put(75, 'checks');
INSERT INTO workflow.state (enrollment, version, phase, step, visit, attempts, timer, clock, reason, ended_at)
VALUES (9072, 1, 'ended', '', 1, 0, 0, now(), 'removed', now()), (9073, 1, 'ended', '', 1, 0, 0, now(), 'completed', now());
SELECT workflow.pause('two');
SELECT results_eq($$ SELECT id FROM workflow.claim('checks', 2) $$, '{73,75}'::bigint[],
                  'semantics 21, 11: expired, of an ended enrollment, of a paused workflow: not returned; a completed enrollment''s last message is');
SELECT is(pg_temp.state(71) || ' ' || pg_temp.state(72) || ' ' || pg_temp.state(74), 'expired cancelled ready', 'semantics 21: each has its outcome; the paused one waits');
SELECT is((SELECT o.reason FROM workflow.outbox o WHERE o.id = 72), 'the enrollment ended: removed', 'with its reason');
SELECT workflow.resume('two');
SELECT results_eq($$ SELECT id FROM workflow.claim('checks', 2) $$, '{74}'::bigint[], 'semantics 11: resumed, it is claimed');

SELECT pg_temp.put(81, 'halted');
SELECT workflow.halt();
SELECT is_empty($$ SELECT id FROM workflow.claim('halted') $$, 'semantics 21, 11: a halted database hands out nothing');
SELECT workflow.resume_all();
UPDATE workflow.installation SET system_identifier = system_identifier + 1;
SELECT is_empty($$ SELECT id FROM workflow.claim('halted') $$, 'semantics 33: a copy hands out nothing');
SELECT throws_ok('SELECT workflow.resume_all()', 'WF010', NULL, 'semantics 33: resume_all does not start a copy');
SELECT lives_ok('SELECT workflow.adopt()', 'semantics 33: adopt does');
SELECT results_eq($$ SELECT id FROM workflow.claim('halted') $$, '{81}'::bigint[], 'and it sends');

-- Coming back, expiring leases and new messages of one rank
SELECT pg_temp.put(n, 'back') FROM generate_series(91, 94) n;
INSERT INTO held SELECT 'back', token FROM workflow.claim('back', 2) LIMIT 1;
SELECT workflow.nack((SELECT token FROM held WHERE what = 'back'), 92, 'busy', '1 microsecond');
SELECT pg_temp.lease_again('{91}', now() - interval '1 second');
SELECT pg_temp.put(95, 'back', 'transactional');
SELECT results_eq($$ SELECT id, attempt FROM workflow.claim('back', 4) $$, 'VALUES (95::bigint, 1), (91, 2), (92, 2), (93, 1)',
                  'semantics 25: rank first; then what comes back, in the order of its times; then what is new');
SELECT is((SELECT o.reason FROM workflow.outbox o WHERE o.id = 92), 'busy', 'what a sender said stays known');
SELECT results_eq($$ SELECT id FROM workflow.claim('back', 4) $$, '{94}'::bigint[], 'each once');

-- Ten thousand that may not go out do not hide the one behind them.
SELECT pg_temp.put(n, 'stale', expires => now() - interval '1 minute') FROM generate_series(100001, 100500) n;
SELECT pg_temp.put(100501, 'stale');
SELECT results_eq($$ SELECT id FROM workflow.claim('stale', 1) $$, '{100501}'::bigint[], 'semantics 21: behind many that are expired');
SELECT is((SELECT count(*) FROM workflow.outbox o WHERE o.channel = 'stale' AND o.state = 'expired'), 500::bigint, 'each of which has its outcome');

-- revive
SELECT is(pg_temp.state(64), 'dead', 'a dead message');
SELECT workflow.revive(64);
SELECT results_eq($$ SELECT o.state, o.attempt, o.outcome_at IS NULL FROM workflow.outbox o WHERE o.id = 64 $$, $$ VALUES ('ready', 0, true) $$,
                  'semantics 26: revived, it is back in the queue');
SELECT results_eq($$ SELECT id, attempt FROM workflow.claim('nack', 10) $$, 'VALUES (64::bigint, 1)', 'its attempts count anew');
SELECT is(workflow.nack((SELECT token FROM workflow.lease WHERE message = 64 ORDER BY seq DESC LIMIT 1), 64, 'gone', permanent => true), 'failed', 'it may fail');
SELECT throws_ok('SELECT workflow.revive(64)', 'WF007', 'message 64 is not dead', 'what failed for good is not revived');
SELECT throws_ok('SELECT workflow.revive(93)', 'WF007', 'message 93 is not dead', 'nor what is on its way');
SELECT throws_ok('SELECT workflow.revive(666666)', 'WF007', 'message 666666 is not dead', 'nor what is not there');

-- cancel_messages
SELECT pg_temp.put(111, 'recall'), pg_temp.put(112, 'recall'), pg_temp.put(113, 'recall', workflow => 1002), pg_temp.put(114, 'other recall');
INSERT INTO held SELECT 'recall', token FROM workflow.claim('recall', 1);
SELECT is(workflow.cancel_messages('{"channel": "recall"}'), 2::bigint, 'it counts what nobody holds');
SELECT is(pg_temp.state(112), 'ready', 'and does nothing, by default');
SELECT is(workflow.cancel_messages('{"channel": "recall", "contact": "c112", "account": "acme", "step": "hello", "workflow": "one"}', false), 1::bigint, 'every key must match');
SELECT is(workflow.cancel_messages('{"channel": "recall"}', false), 1::bigint, 'what is cancelled, and what a sender holds, is not cancelled');
SELECT is(pg_temp.state(111) || ' ' || pg_temp.state(112) || ' ' || pg_temp.state(113) || ' ' || pg_temp.state(114), 'leased cancelled cancelled ready', 'those that matched');
SELECT is_empty($$ SELECT id FROM workflow.claim('recall') $$, 'what is cancelled is not handed out');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'recall')), 1::bigint, 'what was claimed before goes its way');
SELECT throws_ok($$ SELECT workflow.cancel_messages('{"color": "red"}') $$, '22023', '"color" cannot be filtered by', 'a wrong key is refused');
SELECT throws_ok($$ SELECT workflow.cancel_messages('{}') $$, '22004', NULL, 'all of them is refused');

-- Storage: what happens is appended; nothing is updated or deleted.
SELECT is((SELECT sum(pg_stat_get_xact_tuples_updated(c.oid) + pg_stat_get_xact_tuples_deleted(c.oid)) FROM pg_class c WHERE c.relname ~ '^(message|lease|outcome)_20200101$'),
          0::numeric, 'no row of the outbox was updated or deleted');
SELECT is((SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'workflow.message'::regclass AND c.relhassubclass), 0::bigint, 'children have none');
SELECT is((SELECT max(n) FROM (SELECT count(*) AS n FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE c.relname ~ '^message_20200101$') q), 3::bigint, 'a message is one row with three index entries');

-- Leases of one claim: the first row leads, and stands for all in the indexes by token and by end.
SELECT pg_temp.put(n, 'led') FROM generate_series(911, 915) n;
INSERT INTO held SELECT 'led', token FROM workflow.claim('led', 5) LIMIT 1;
SELECT is((SELECT array_agg(l.message || l.followers) FROM workflow.lease l WHERE l.channel = 'led' AND NOT l.led), '{{911,912,913,914,915}}'::bigint[],
          'of the leases of one claim one leads, and names the others');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'led'), '{911,913}'), 2::bigint, 'the token finds those that are led');
SELECT ok(NOT workflow.message_waits('led'), 'the others are held');
UPDATE workflow.lease_20200101 SET visible_at = now() - interval '1 second' WHERE channel = 'led';
SELECT ok(workflow.message_waits('led'), 'a lease that ran out waits, though the message that leads it has its outcome');
SELECT results_eq($$ SELECT id, attempt FROM workflow.claim('led', 2) $$, 'VALUES (912::bigint, 2), (914, 2)', 'semantics 25: what was led comes back for itself');
SELECT results_eq($$ SELECT id, attempt FROM workflow.claim('led', 2) $$, 'VALUES (915::bigint, 2)', 'semantics 25: and the rest of it at the next claim');
SELECT throws_ok(format('SELECT workflow.ack(%L)', (SELECT token FROM held WHERE what = 'led')), 'WF005', NULL, 'semantics 25: the first token has lost them all');
SELECT ok(NOT workflow.message_waits('led'), 'nothing is left');

-- A table of ours to which somebody has added an index.
CREATE INDEX lease_by_hand ON workflow.lease_20200101 (seq, message);
SELECT pg_temp.put(n, 'by hand') FROM generate_series(921, 922) n;
INSERT INTO held SELECT 'by hand', token FROM workflow.claim('by hand', 2) LIMIT 1;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SELECT is((SELECT count(*) FROM workflow.lease_20200101 l WHERE l.seq = 1 AND l.message BETWEEN 921 AND 922), 2::bigint, 'an index that is not ours is kept as well');
SELECT is(workflow.ack((SELECT token FROM held WHERE what = 'by hand')), 2::bigint, 'as are ours');
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP INDEX workflow.lease_by_hand;

-- Arguments, columns, isolation
SELECT throws_ok($$ SELECT * FROM workflow.claim('x', 0) $$, '22023', NULL, 'qty 0 is refused');
SELECT throws_ok($$ SELECT * FROM workflow.claim('x', 10001) $$, '22023', NULL, 'qty above 10000 is refused');
SELECT throws_ok($$ SELECT * FROM workflow.claim('x', 1, '0 seconds') $$, '22023', NULL, 'a lease of nothing is refused');
SELECT throws_ok($$ SELECT * FROM workflow.claim(NULL) $$, '22004', NULL, 'a channel is needed');
SET LOCAL synchronous_commit = off;
SELECT is_empty($$ SELECT id FROM workflow.claim('x') $$, 'nothing on that channel');
SELECT is(current_setting('synchronous_commit'), 'on', 'a claim commits synchronously');
-- semantics 25: what was written down by a clock that has been set back since hides nothing, neither now nor when the clock has caught up.
SET LOCAL pg_workflow.virtual_clock = off;
SELECT pg_temp.put(901, 'back');
INSERT INTO workflow.mark (channel, first_day, fresh, due)
SELECT 'back', 0, ARRAY[1, f, l, 1, f, l, 1, f, l], ARRAY[1, t, l, 1, t, l, 1, t, l]
  FROM (SELECT '-9223372036854775808'::bigint AS f, 9223372036854775807 AS l, (extract(epoch FROM clock_timestamp() + interval '1 hour' - timestamptz '2000-01-01 00:00Z') * 1e6)::bigint AS t) x;
SELECT results_eq($$ SELECT id FROM workflow.claim('back', 4) $$, '{901}'::bigint[], 'semantics 25: it is looked for from the beginning');
SELECT is((SELECT count(*) FROM workflow.mark m WHERE m.channel = 'back'), 0::bigint, 'semantics 25: and what that clock has said does not count again');
-- The same where a lease is written before anybody claims: it would lie before what that clock had passed, and be hidden once this one has caught up.
CREATE FUNCTION pg_temp.mark_ahead(channel text, ahead interval) RETURNS void LANGUAGE sql AS $$
  INSERT INTO workflow.mark (channel, first_day, fresh, due)
  SELECT channel, 0, ARRAY[1, f, l, 1, f, l, 1, f, l], ARRAY[1, t, l, 1, t, l, 1, t, l]
    FROM (SELECT '-9223372036854775808'::bigint AS f, 9223372036854775807 AS l, (extract(epoch FROM clock_timestamp() + ahead - timestamptz '2000-01-01 00:00Z') * 1e6)::bigint AS t) x
$$;
SELECT pg_temp.put(n, 'earlier') FROM generate_series(902, 903) n;
INSERT INTO held SELECT 'earlier', token FROM workflow.claim('earlier', 2) LIMIT 1;
SELECT pg_temp.mark_ahead('earlier', '1 hour');
SELECT workflow.extend((SELECT token FROM held WHERE what = 'earlier'), '1 minute');
SELECT is((SELECT count(*) FROM workflow.mark m WHERE m.channel = 'earlier'), 0::bigint, 'semantics 25: what an earlier clock has said hides no lease that was extended');
SELECT pg_temp.mark_ahead('earlier', '20 seconds');
SELECT workflow.nack((SELECT token FROM held WHERE what = 'earlier'), 902, 'busy', '1 second');
SELECT is((SELECT count(*) FROM workflow.mark m WHERE m.channel = 'earlier'), 0::bigint, 'semantics 25: nor a message that was given back, however little the clock was set back');
INSERT INTO workflow.mark (channel, first_day, fresh, due)
SELECT 'forth', 0, ARRAY[1, f, l, 1, f, l, 1, f, l], ARRAY[1, t, l, 1, t, l, 1, t, l]
  FROM (SELECT '-9223372036854775808'::bigint AS f, 9223372036854775807 AS l, (extract(epoch FROM clock_timestamp() - interval '1 hour' - timestamptz '2000-01-01 00:00Z') * 1e6)::bigint AS t) x;
SELECT workflow.claim('forth', 4);
SELECT is((SELECT count(*) FROM workflow.mark m WHERE m.channel = 'forth'), 1::bigint, 'what a clock that went on has said stays');
SET LOCAL pg_workflow.virtual_clock = on;

SELECT is((SELECT array_to_string(array_agg(a.attname ORDER BY a.attnum), ' ') FROM pg_attribute a WHERE a.attrelid = 'workflow.claimed'::regclass),
          'id token lease_until attempt channel kind category account contact_key recipient sender template locale subject body data headers '
          'mark_as_read workflow version step enrollment idempotency_key due_at expires_at created_at', 'the columns of a message as claimed');

SELECT * FROM finish();
ROLLBACK;

-- Above READ COMMITTED the functions of senders refuse.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT plan(5);
SELECT throws_ok($$ SELECT * FROM workflow.claim('x') $$, '25001', NULL, 'claim above READ COMMITTED');
SELECT throws_ok($$ SELECT workflow.ack(gen_random_uuid()) $$, '25001', NULL, 'ack above READ COMMITTED');
SELECT throws_ok($$ SELECT workflow.nack(gen_random_uuid(), 1, 'x') $$, '25001', NULL, 'nack above READ COMMITTED');
SELECT throws_ok($$ SELECT workflow.extend(gen_random_uuid(), '1 minute') $$, '25001', NULL, 'extend above READ COMMITTED');
SELECT throws_ok($$ SELECT workflow.maintain() $$, '25001', NULL, 'maintain above READ COMMITTED');
SELECT * FROM finish();
ROLLBACK;

# What a claim costs does not depend on what lies behind it: not on what is done, while a snapshot is held open (P6, P9), not on what another sender holds in
# an open transaction, not on the messages of a paused workflow, not on days gone by. And nothing of that is lost by a crash (semantics 25).
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('outbox', 'autovacuum = off', 'checkpoint_timeout = 1h');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
$sql->(q{
CREATE EXTENSION pg_workflow;
INSERT INTO workflow.workflow (id, name, status, published) VALUES (1001, 'one', 'published', 1), (1002, 'two', 'published', 1);
-- `count` messages of a day so long ago, written as a round writes them.
CREATE FUNCTION put(channel text, count integer, workflow integer = 1001, days_ago integer = 0) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  today date := (clock_timestamp() AT TIME ZONE 'UTC')::date - days_ago;
  day bigint := today - date '2020-01-01';
BEGIN
  PERFORM pg_advisory_xact_lock(workflow.round_lock());
  PERFORM workflow.make_child(t, t || '_' || to_char(today, 'YYYYMMDD'), k, (day << 40)::text, ((day + 1) << 40)::text)
     FROM (VALUES ('outcome', 'message'), ('lease', 'message'), ('message', 'id')) v(t, k);
  EXECUTE format('INSERT INTO workflow.message_%s (id, account, contact_key, channel, rank, kind, category, recipient, mark_as_read, workflow, workflow_id,
                    version, step, enrollment, idempotency_key, due_at, created_at)
                  SELECT ($1 << 40) + nextval(''workflow.message_id_seq''), '''', n, $2, 2, ''message'', ''marketing'', ''{}'', false, ''w'', $3, 1, ''s'', n, n, now(), now()
                    FROM generate_series(1, $4) n', to_char(today, 'YYYYMMDD')) USING day, channel, workflow, count;
END $f$;
CREATE TABLE cost (run text, number integer, got integer, blocks bigint);
-- Claims and acknowledges so often, and notes how many blocks of the outbox each turn has touched.
CREATE PROCEDURE drain(run text, channel text, turns integer, batch integer = 10) LANGUAGE plpgsql AS $p$
DECLARE
  token uuid;
  got integer;
  touched bigint;
  before bigint := (SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid)) FROM pg_class c WHERE c.relname ~ '^(message|lease|outcome)_[0-9]{8}');
BEGIN
  FOR i IN 1..turns LOOP
    SELECT (array_agg(c.token))[1], count(*) INTO token, got FROM workflow.claim(channel, batch) c;
    IF got > 0 THEN
      PERFORM workflow.ack(token);
    END IF;
    touched := (SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid)) FROM pg_class c WHERE c.relname ~ '^(message|lease|outcome)_[0-9]{8}');
    INSERT INTO cost VALUES (run, i, got, touched - before);  -- the server counts on through a procedure
    before := touched;
    COMMIT;
  END LOOP;
END $p$});
# The mean cost of turns; a tree that grows a level, or a split, is no matter.
my $mean = sub { my ($run, $from, $to) = @_; return $sql->("SELECT round(avg(blocks)) FROM cost WHERE run = '$run' AND number BETWEEN $from AND $to") };
my $flat = sub {
	my ($run, $name) = @_;
	my ($turns, $first, $last) = ($sql->("SELECT max(number) FROM cost WHERE run = '$run'"));
	$first = $mean->($run, 251, 300);  # the trees have their height by then
	$last = $mean->($run, $turns - 49, $turns);
	note "$run: $first blocks a turn at first, $last at last";
	cmp_ok($last, '<=', $first * 1.2 + 10, $name);
	return;
};

# A snapshot that is held open for as long as it lasts.
my $holder = session($node, 'postgres');
$sql->(q{SELECT put('held', 20000)});
$holder->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM workflow.outbox');
$sql->(q{CALL drain('held', 'held', 1500)});
is($sql->(q{SELECT min(got), max(got) FROM cost WHERE run = 'held'}), '10|10', 'each turn has its messages');
$flat->('held', 'P6, P9: while a snapshot is held open, claims cost what they did');
is($holder->query(q{SELECT count(*) FROM workflow.outbox WHERE state <> 'ready'}), '0', 'and the holder sees what it saw');
$holder->query('COMMIT');

# A sender that sends within its transaction.
$sql->(q{SELECT put('open', 20000)});
$holder->query('BEGIN');
is($holder->query(q{SELECT count(*) FROM workflow.claim('open', 20)}), '20', 'a sender holds messages in an open transaction');
$sql->(q{CALL drain('open', 'open', 1500)});
$flat->('open', 'semantics 25: the others go on at the same cost');
$holder->query('ROLLBACK');
is($sql->(q{SELECT count(DISTINCT id), sum(attempt) FROM workflow.claim('open', 20)}), '20|20', 'what was rolled back comes first again');
is($sql->(q{SELECT count(*) FROM workflow.outbox WHERE channel = 'open' AND state = 'leased'}), '20', 'and is held once');

# A paused workflow's messages lie in front.
$sql->(q{SELECT put('paused', 5000, 1002); SELECT put('paused', 20000); SELECT workflow.pause('two')});
$sql->(q{CALL drain('paused', 'paused', 1500)});
is($sql->(q{SELECT min(got) FROM cost WHERE run = 'paused'}), '10', 'semantics 11: a paused workflow is in nobody\'s way');
$flat->('paused', 'semantics 11: and costs nothing once it was seen');
$sql->(q{SELECT workflow.resume('two')});
is($sql->(q{SELECT count(*) FROM workflow.claim('paused', 10000) c JOIN workflow.message m USING (id) WHERE m.workflow_id = 1002}), '5000', 'semantics 11: resumed, all of it is handed out');

# Days gone by.
$sql->(q{SELECT put('days', 3, days_ago => 2); SELECT put('days', 3, days_ago => 1); SELECT put('days', 3)});
is($sql->(q{SELECT string_agg(id >> 40 || ':' || contact_key, ',' ORDER BY id) = (SELECT string_agg(id >> 40 || ':' || contact_key, ',' ORDER BY id) FROM workflow.message WHERE channel = 'days')
	FROM workflow.claim('days', 9, '1 microsecond')}), 't', 'a claim goes over several days');
is($sql->(q{SELECT count(*) FROM workflow.claim('days', 9, '1 microsecond') WHERE attempt = 2}), '9', 'what comes back is found in its day');
my $token = $sql->(q{SELECT DISTINCT token FROM workflow.lease WHERE channel = 'days' AND attempt = 2});
is($sql->("SELECT workflow.ack('$token', (SELECT array_agg(id) FROM workflow.message WHERE channel = 'days' AND id >> 40 < (SELECT max(id) >> 40 FROM workflow.message)))"), '6', 'acknowledged in its day');
$sql->(q{SELECT put('days', 1); SELECT count(*) FROM workflow.claim('days', 9, '1 hour'); SELECT put('days', 1)});
is($sql->(q{BEGIN; SELECT count(*) FROM workflow.claim('days', 5);
	SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid)) FROM pg_class c WHERE c.relname ~ to_char(clock_timestamp() AT TIME ZONE 'UTC' - interval '1 day', '_YYYYMMDD'); COMMIT}), "1\n0",
	'the tables of a day that is done are not touched');
my ($old) = $sql->(q{SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' - interval '2 days', 'YYYYMMDD')});
$holder->query('BEGIN; SELECT count(*) FROM ONLY workflow.message');
$sql->("SET lock_timeout = '10s'; DROP TABLE workflow.message_$old, workflow.lease_$old, workflow.outcome_$old");
pass('dropping a day locks no parent');
$holder->query('COMMIT');
is($sql->(q{SELECT count(*) FROM workflow.outbox WHERE channel = 'days'}), '8', 'and the others stay');

# A dead message of a day that is done, revived.
$sql->(q{SELECT put('dead', 1, days_ago => 1); SELECT put('dead', 1)});
my ($dead) = $sql->(q{SELECT min(id) FROM workflow.message WHERE channel = 'dead'});
my ($yesterday) = $sql->(q{SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' - interval '1 day', 'YYYYMMDD')});
$sql->("INSERT INTO workflow.outcome_$yesterday (message, at, seq, state) VALUES ($dead, now(), 0, 'dead')");
is($sql->(q{SELECT count(*) FROM workflow.claim('dead', 5)}), '1', 'a dead message is not handed out');
is($sql->(q{SELECT count(*) FROM workflow.claim('dead', 5)}), '0', 'nor is it at the second look');
$sql->("SELECT workflow.revive($dead)");
is($sql->(q{SELECT id, attempt FROM workflow.claim('dead', 5)}), "$dead|1", 'semantics 26: revived it is, whatever has been seen before');
my ($status, $out, $error) = $node->psql('postgres', "BEGIN; SELECT workflow.nack((SELECT token FROM workflow.lease WHERE message = $dead ORDER BY seq DESC LIMIT 1), $dead, 'x'); ROLLBACK");
is($status, 0, 'it is held');

# A crash, in the middle of it all.
$sql->(q{SELECT put('crash', 100); SELECT count(*) FROM workflow.claim('crash', 30, '1 hour')});
$sql->(q{CALL drain('crash', 'crash', 3)});
is($sql->(q{SELECT workflow.maintain()->>'busy'}), 'false', 'how far claims have come is written down');
# One more comes back after that was written.
$sql->(q{SELECT put('crash', 1, days_ago => 1)});
my ($late) = $sql->(q{SELECT min(id) FROM workflow.message WHERE channel = 'crash'});
$sql->("INSERT INTO workflow.outcome_$yesterday (message, at, seq, state) VALUES ($late, now(), 0, 'dead')");
$sql->("SELECT workflow.revive($late)");
$node->stop('immediate');
$node->start;
is($sql->(q{BEGIN; SELECT count(*) FROM workflow.claim('held', 10);
	SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid)) < 2000 FROM pg_class c WHERE c.relname ~ '^(message|lease|outcome)_[0-9]{8}'; COMMIT}), "10\nt",
	'after a restart a claim does not go through what was done before');
is($sql->("SELECT count(*) FROM workflow.claim('crash', 1) WHERE id = $late"), '1', 'semantics 26: but finds what was revived');
is($sql->(q{SELECT count(*), min(attempt), max(attempt) FROM workflow.claim('crash', 100)}), '40|1|1', 'R1: after a crash what was not handed out is there, and nothing else');
is($sql->(q{SELECT string_agg(state || ' ' || count, ', ' ORDER BY state) FROM (SELECT state, count(*) FROM workflow.outbox WHERE channel = 'crash' GROUP BY 1) o}),
	'leased 71, sent 30', 'R1: leases and outcomes are what they were');

# Nothing depends on the extension afterwards.
$sql->('SELECT workflow.uninstall()');
$sql->('DROP EXTENSION pg_workflow');
is($sql->(q{SELECT count(*) FROM pg_class WHERE relname ~ '^(message|lease|outcome)'}), '0', 'uninstalled, no table is left');
$sql->(q{CREATE EXTENSION pg_workflow; SELECT put('held', 3)});
is($sql->(q{SELECT count(*) FROM workflow.claim('held', 5)}), '3', 'installed anew, it begins anew');
$node->stop;
done_testing();

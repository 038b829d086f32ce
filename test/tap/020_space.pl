# Space that somebody's lock keeps from being given back comes back soon after he has gone; trying costs him nothing, and pg_class neither
# (P6: "space of ended children is back within a minute of release", P10). And a held snapshot does not make steps touch more and more.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('space', 'autovacuum = off', "track_functions = 'pl'", "pg_workflow.databases = 'postgres'");
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
my $said = sub { my ($name) = @_; return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM workflow.outbox WHERE body = 'Hello $name'") };
my $calls = sub { my ($name) = @_; return $sql->("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions WHERE schemaname = 'workflow' AND funcname = '$name'") };
my $pg_class = sub { return $sql->(q{SELECT n_tup_upd FROM pg_stat_all_tables WHERE relid = 'pg_class'::regclass}) };
my $big = q{SELECT count(*) FROM workflow.event_tables() t WHERE pg_relation_size(t) > 2^20};

crm($node, 'postgres');
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Ada', '1')});
ok($said->('Ada'), 'rounds go on');
my $reader = session($node, 'postgres');
$reader->query_safe('BEGIN; LOCK TABLE workflow.event_0, workflow.event_1, workflow.event_2 IN ACCESS SHARE MODE');
# Events that have been read, so many that none of the tables waits for its turn to be over.
$sql->("INSERT INTO workflow.event_$_ (id, xid, kind, op, depth, timed, backfill, at, row_key, account, name, body)
	SELECT -n, '3', 'e', ' ', 0, false, false, now(), 'c1', '', 'cart.abandoned', '{\"data\": {}}' FROM generate_series(1, 90000) n") for 0 .. 2;
is($sql->($big), 3, 'tables of events that were read, and that somebody reads');

# A worker that begins does its housekeeping at once.
my $pid = worker($node, 'postgres');
my $again = $calls->('empty_again');
$sql->("SELECT pg_terminate_backend($pid)");
worker($node, 'postgres', $pid);
my $updated = $pg_class->();  # the worker before has told what it did
ok($node->poll_query_until('postgres', "SELECT sum(calls) > $again FROM pg_stat_user_functions WHERE schemaname = 'workflow' AND funcname = 'empty_again'"),
	'P6: tables that could not be emptied are tried again before the next housekeeping');
is($sql->($big), 3, 'in vain, as long as they are read');
is($pg_class->(), $updated, 'P10: which changes nothing in pg_class');
$sql->(q{SET lock_timeout = '1s'; INSERT INTO contacts (name, phone) VALUES ('Bob', '2'); SELECT count(*) FROM workflow.event_0, workflow.event_1, workflow.event_2 WHERE false});
ok($said->('Bob'), 'and nobody waits for it');
$reader->query_safe('COMMIT');
$reader->quit;
ok($node->poll_query_until('postgres', $big, '0'), 'P6: the space of all of them is back soon after the reader has gone');
is($sql->(q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');

# P6: who holds a snapshot keeps every old version of a state where it is, on page after page. What a step touches does not grow with them.
my $steps = join ',', map { qq({"id": "w$_", "type": "wait", "for": "1 hour"}) } 1 .. 20;
crm($node, 'held', steps => $steps);
my $held = sub { return $node->safe_psql('held', $_[0]) };
$held->(q{INSERT INTO contacts (name, phone) SELECT 'c' || i, '1' FROM generate_series(1, 4000) i});
ticks($node, 'held', '2031-01-01 00:00Z');
my $snapshot = session($node, 'held');
$snapshot->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM contacts');
my $touched = q{SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_all_tables WHERE relid = 'workflow.state'::regclass;};
my @pages;
for my $hour (1 .. 20)
{
	my $tick = sprintf "SELECT steps FROM workflow.tick('2031-01-01 %02d:00Z');", $hour;
	my ($before, $steps, $rest, $flushed, $after) = split /\n/,
	  $held->("SET pg_workflow.virtual_clock = on; SET pg_workflow.batch_size = 5000; $touched $tick $tick SELECT 'x' FROM pg_stat_force_next_flush(); $touched");
	die "$steps and $rest steps at $hour o'clock" if "$steps $rest" ne '4000 0' && $hour < 20;  # the last only ends
	push @pages, $after - $before;
}
my $late = (sort { $a <=> $b } @pages[10 .. 18])[4];
note("pages of states that were touched, by the hour: @pages");
cmp_ok($late, '<', 1.8 * $pages[0], 'P6: under a held snapshot a step touches about as many pages of states after ten and more steps as at first');
is($held->(q{SELECT count(*), count(*) FILTER (WHERE s.phase = 'ended'), count(*) FILTER (WHERE s.timer >= 20) FROM workflow.state s}), '4000|4000|4000',
	'and everybody has gone all the way');
is($held->(q{SELECT count(DISTINCT (h.enrollment, h.step)), count(*) FROM workflow.history h WHERE h.what = 'waiting'}), '80000|80000', 'step by step');
is($snapshot->query_safe('SELECT count(*) FROM workflow.state s WHERE s.timer = 1'), 4000, 'which the snapshot does not see');
$snapshot->query_safe('COMMIT');
$snapshot->quit;
$held->('CREATE EXTENSION amcheck');
is($held->(q{SELECT bt_index_parent_check('workflow.state_pkey', true)}), '', 'the index is whole');
$held->('VACUUM workflow.state');
is($held->(q{SET enable_seqscan = off; SELECT count(*), count(DISTINCT enrollment) FROM workflow.state WHERE enrollment > 0}), '4000|4000', 'and names everybody once');
$node->stop;
done_testing();

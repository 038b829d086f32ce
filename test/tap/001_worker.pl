# The life of a worker: it comes with the extension, is woken by a commit, and survives what may befall it
# (architecture "Processes", R6).
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

# With so long a nap whatever comes soon comes by a wake-up.
my $node = node('worker', "pg_workflow.nap = '1h'", 'log_min_messages = debug1');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
my $said = sub { my ($name) = @_; return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM workflow.outbox WHERE state = 'ready' AND body = 'Hello $name'") };

# The launcher has looked here and will not ask again for a minute; only CREATE EXTENSION can make it.
$node->wait_for_log(qr/"pg_workflow worker" \(PID \d+\) exited with exit code 0/);
{
	local $PostgreSQL::Test::Utils::timeout_default = 20;
	crm($node, 'postgres');
	ok(workers($node, 'postgres', 1), 'CREATE EXTENSION wakes the launcher, which starts a worker');
}
my $pid = worker($node, 'postgres');
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Ada', '1')});
ok($said->('Ada'), 'a commit wakes the worker: a row becomes a message without tick()');
is($sql->(q{SELECT string_agg(body, ',') FROM workflow.claim('sms')}), 'Hello Ada', 'which a sender claims');
is($sql->(q{SELECT string_agg(state, ',') FROM workflow.doctor() WHERE name IN ('library', 'worker')}), 'ok,ok', 'doctor() finds library and worker');

$sql->('CREATE DATABASE other');
ok(workers($node, 'other', 0), 'a database without the extension has no worker');

$sql->("SELECT pg_terminate_backend($pid)");
$pid = worker($node, 'postgres', $pid);
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Bob', '2')});
ok($said->('Bob'), 'a worker that was terminated is followed by another');

$node->append_conf('postgresql.conf', 'pg_workflow.batch_size = 7');
$node->reload;
$node->poll_query_until('postgres', 'SHOW pg_workflow.batch_size', '7');
$sql->(q{INSERT INTO contacts (name, phone) SELECT 'Cy' || i, '3' FROM generate_series(1, 8) i});
ok($said->('Cy8'), 'after SIGHUP the worker goes on');
ok($node->poll_query_until('postgres', 'SELECT max(events) = 7 FROM workflow.round WHERE id > (SELECT max(id) - 2 FROM workflow.round)'),
	'with the settings as they are now');
is(worker($node, 'postgres'), $pid, 'and is the same process');

my $log = -s $node->logfile;
$sql->('ALTER TABLE workflow.round RENAME TO round_away');
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Dee', '4')});
$node->wait_for_log(qr/relation "workflow.round" does not exist/, $log);
$sql->('ALTER TABLE workflow.round_away RENAME TO round');
ok($said->('Dee'), 'a round that fails is tried again soon, whatever the nap (semantics 28)');
is(worker($node, 'postgres'), $pid, 'by the same process');

# The setting pg_workflow.databases is obeyed when it is reloaded.
$node->append_conf('postgresql.conf', "pg_workflow.databases = 'other, third'");
$node->reload;
ok(workers($node, 'postgres', 0), 'a database that is not in pg_workflow.databases any more loses its worker');
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Eve', '5')});
is($sql->(q{SELECT state FROM workflow.doctor() WHERE name = 'worker'}), 'error', 'doctor() says so');
$node->append_conf('postgresql.conf', "pg_workflow.databases = 'other, postgres'");
$node->reload;
ok($said->('Eve'), 'named again it has one, which finds what was written meanwhile');

# Where the clock is virtual the worker rests.
$sql->('ALTER DATABASE postgres SET pg_workflow.virtual_clock = on');
my $written = $sql->(q{INSERT INTO contacts (name, phone) VALUES ('Fay', '6') RETURNING clock_timestamp()});
ok($node->poll_query_until('postgres', "SELECT state = 'idle' AND state_change > '$written' FROM pg_stat_activity WHERE backend_type = 'pg_workflow worker'"),
	'a worker where the clock is virtual has been woken');
is($sql->('SELECT count(*) FROM workflow.outbox WHERE body = \'Hello Fay\''), 0, 'and rests');
is($sql->(q{SELECT messages FROM workflow.tick('2030-01-01'); SELECT due_at::date FROM workflow.outbox WHERE body = 'Hello Fay'}), "1\n2030-01-01",
	'tick() with a virtual now does its work');
# One that has begun under the setting forgets it too.
$pid = worker($node, 'postgres');
$sql->("SELECT pg_terminate_backend($pid)");
$pid = worker($node, 'postgres', $pid);
$sql->('ALTER DATABASE postgres RESET pg_workflow.virtual_clock');
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Gus', '7')});
ok($said->('Gus'), 'and the worker goes on when the clock is real again');

is($sql->('SELECT count(*) - count(DISTINCT idempotency_key), count(*) FROM workflow.message'), '0|14', 'each contact has one message');
is($sql->(q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');

# A launcher that is started again finds the workers of the one before.
$pid = worker($node, 'postgres');
my $launcher = $sql->(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_workflow launcher'});
$sql->("SELECT pg_terminate_backend($launcher)");
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_workflow launcher' AND pid <> $launcher"), 'a launcher that was terminated is followed by another');
$sql->('CREATE DATABASE third');
$node->safe_psql('third', 'CREATE EXTENSION pg_workflow');
ok(workers($node, 'third', 0), 'which looks at every database');
is(worker($node, 'postgres'), $pid, 'and leaves the worker that is there as it is');
$node->append_conf('postgresql.conf', "pg_workflow.databases = 'third'");
$node->reload;
ok(workers($node, 'postgres', 0), 'and ends it where it is not wanted any more');
ok(workers($node, 'third', 1), 'and starts the one that is');
$node->append_conf('postgresql.conf', "pg_workflow.databases = '*'");
$node->reload;
worker($node, 'postgres');

# DROP EXTENSION ends the worker.
$sql->('SELECT workflow.uninstall(); DROP EXTENSION pg_workflow');
ok(workers($node, 'postgres', 0), 'without the extension there is no worker');
$node->stop;
done_testing();

# Nothing is lost and nothing comes twice when the worker, or the whole server, is killed in the middle of its work
# (R1, semantics 3, semantics 24, A22).
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('crash', 'pg_workflow.batch_size = 50', 'autovacuum = off');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
crm($node, 'postgres', steps => '{"id": "hello", "type": "send", "channel": "sms", "body": "Hello {{ contact.name }}"},
	{"id": "pause", "type": "wait", "for": "1 second"},
	{"id": "again", "type": "send", "channel": "sms", "body": "Still there, {{ contact.name }}?"}');
$sql->('CREATE TABLE sent (id bigint, key text)');

# Somebody who writes contacts, one statement a transaction, at the pace of an application, until the server goes away.
my $load = $PostgreSQL::Test::Utils::tmp_check . '/load.sql';
PostgreSQL::Test::Utils::append_to_file($load, join '', map { "INSERT INTO contacts (name, phone) SELECT 'c' || i, '1' FROM generate_series(1, $_ % 7 + 1) i;\nSELECT pg_sleep(0.01);\n" } 1 .. 5000);
my @psql = ('psql', '-qX', '-d', $node->connstr('postgres'), '-f', $load);
my ($in, $out, $error) = ('', '', '');
my $writing = sub { return map { IPC::Run::start(\@psql, '<', \$in, '>', \$out, '2>', \$error) } 1, 2 };

# A message that a sender has seen stays what it was. Claims flush the rounds before them, which did not wait for the disk.
my $claim = sub { $sql->(q{INSERT INTO sent SELECT id, idempotency_key FROM workflow.claim('sms', 20, '1 hour')}) };

my $pid = worker($node, 'postgres');
my $written = 0;
my $cut = 0;
my @kills = ((map { "worker at $_" } qw(trace message round state)), ('worker') x 3, 'immediate', 'postmaster', 'immediate');
@kills = (@kills) x 20 if $ENV{WF_SOAK};
for my $kill (@kills)
{
	my @writers = $writing->();
	# There is work under way.
	$node->poll_query_until('postgres', "SELECT count(*) > $written FROM workflow.message") or die 'no message comes';
	$claim->();
	my $holder;
	if ($kill =~ /at (\w+)/)
	{
		# In the middle of a batch: it has written this and that, and waits to write the next.
		$holder = session($node, 'postgres', on_error_stop => 0);
		$holder->query("BEGIN; LOCK TABLE workflow.$1 IN SHARE MODE");
		$sql->(q{INSERT INTO contacts (name, phone) VALUES ('d', '1')});
		$node->poll_query_until('postgres', "SELECT backend_xid IS NOT NULL AND wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid")
		  or die 'the worker does not wait';
	}
	if ($kill =~ /^worker/) { kill(9, $pid) == 1 or die "there is no process $pid" }
	elsif ($kill eq 'postmaster') { $node->kill9 }
	else { $node->stop('immediate') }
	$_->finish or ++$cut for @writers;
	if ($holder) { eval { $holder->quit } }
	if ($kill eq 'postmaster')
	{
		# Its children notice that it is gone; until the last has left, a new one does not start.
		for (1 .. 600)
		{
			last if $node->start(fail_ok => 1);
			$node->stop('fast', fail_ok => 1);
			select undef, undef, undef, 0.1;
		}
	}
	elsif ($kill eq 'immediate') { $node->start }
	$pid = worker($node, 'postgres', $pid);
	$written = $sql->('SELECT count(*) FROM workflow.message');
	note "$kill: " . $sql->('SELECT count(*) FROM contacts') . " contacts, $written messages";
}

$node->append_conf('postgresql.conf', 'pg_workflow.batch_size = 1000');
$node->reload;
ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 * (SELECT count(*) FROM contacts) FROM workflow.message'), scalar(@kills) . ' kills, and every contact has its two messages');
is($cut, 2 * @kills, 'of a load that each kill cut off');
is($sql->('SELECT count(*) FROM contacts c FULL JOIN workflow.enrollment e ON e.contact_key = c.id::text WHERE c.id IS NULL OR e.id IS NULL'), 0,
	'who is in the table is enrolled, and nobody else');
is($sql->('SELECT count(*) - count(DISTINCT contact_key) FROM workflow.enrollment'), 0, 'once');
is($sql->('SELECT count(*) FROM (SELECT enrollment, step FROM workflow.message GROUP BY 1, 2 HAVING count(*) <> 1) m'), 0, 'each step has written its message once');
is($sql->('SELECT count(*) - count(DISTINCT idempotency_key) FROM workflow.message'), 0, 'under a key of its own');
is($sql->(q{SELECT count(*) FROM workflow.outbox WHERE state NOT IN ('ready', 'leased')}), 0,
	'every message is in the outbox');
is($sql->(q{SELECT count(*) FROM workflow.state s FULL JOIN workflow.enrollment e ON e.id = s.enrollment WHERE s.phase IS DISTINCT FROM 'ended' OR s.reason IS DISTINCT FROM 'completed' OR e.id IS NULL}),
	0, 'everybody has come to the end');
is($sql->('SELECT count(*) FROM workflow.timer t JOIN workflow.state s ON s.enrollment = t.enrollment AND s.timer = t.number AND s.phase <> \'ended\''), 0, 'no timer is left that counts');
is($sql->(q{SELECT count(DISTINCT story) FROM (SELECT string_agg(step || ' ' || what, ', ' ORDER BY step, what) AS story FROM workflow.trace_line GROUP BY enrollment) t}),
	1, 'every history tells the same');
is($sql->('SELECT count(*) FROM workflow.enrollment e WHERE NOT EXISTS (SELECT FROM workflow.trace t WHERE t.enrollment = e.id)'), 0, 'and nobody is without one');
is($sql->('SELECT sum(messages) = (SELECT count(*) FROM workflow.message) FROM workflow.round'), 't', 'the ledger counts what is there');
cmp_ok($sql->('SELECT count(*) FROM sent'), '>=', 100, 'messages were claimed before each kill');
is($sql->('SELECT count(*) FROM sent s LEFT JOIN workflow.message m ON m.id = s.id AND m.idempotency_key = s.key WHERE m.id IS NULL'), 0,
	'and are what they were: a claim makes durable what it gives out');
is($sql->(q{SELECT count(*) FROM sent s JOIN workflow.outbox o USING (id) WHERE o.state <> 'leased'}), 0, 'and still under their lease');
is($sql->(q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');
$node->stop;
done_testing();

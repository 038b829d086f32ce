# Who is there already, let in by the worker (semantics 8): at its pace, over a restart and a crash, and not in a pause.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

# With so long a nap whatever comes comes because the worker knows when.
my $node = node('existing', "pg_workflow.nap = '1h'", 'restart_after_crash = on');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
my $until = sub { return $node->poll_query_until('postgres', $_[0]) };
crm($node, 'postgres');
ok(workers($node, 'postgres', 1), 'a worker is there');
$sql->(q{
	SET pg_workflow.capture = 'tag:start';
	INSERT INTO contacts (name, phone) SELECT 'Old ' || n, '1' FROM generate_series(1, 1500) n;
	RESET pg_workflow.capture;
	SELECT workflow.create_workflow('existing', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "wait", "for": "1 day"}]}');
	SELECT workflow.publish('existing');
});
my ($status, $out, $notice) = $node->psql('postgres', q{
	SELECT workflow.create_workflow('told', '{"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]}');
	SELECT workflow.publish('told');
});
like($notice, qr/NOTICE:.*contacts that are already there are not enrolled\s+HINT:.*workflow\.enroll_existing\('told'\)/s, 'semantics 8: the notice of publishing names enroll_existing');
my $inside = q{(SELECT count(*) FROM workflow.enrollments WHERE workflow = 'existing')};
is($sql->("SELECT workflow.enroll_existing('existing', import => 'start')"), '1500', 'an import is counted first');
$sql->("SELECT workflow.enroll_existing('existing', import => 'start', dry_run => false, per_minute => 600)");
ok($until->("SELECT $inside >= 600"), 'the worker is woken: a minute\'s worth comes at once');
my $so_far = $sql->("SELECT $inside");
cmp_ok($so_far, '<', 800, 'and no more than that');
ok($until->("SELECT $inside > $so_far + 5"), 'then one ten times a second, without a commit that would wake it');
$node->restart;
$so_far = $sql->("SELECT $inside");
ok($until->("SELECT $inside > $so_far + 5"), 'it goes on after a restart');
my $pid = worker($node, 'postgres');
kill 'KILL', $pid;
$node->poll_query_until('postgres', 'SELECT 1', '1');
$so_far = $sql->("SELECT $inside");
ok($until->("SELECT $inside > $so_far + 5"), 'and after a crash');
cmp_ok($sql->("SELECT $inside"), '<', 1500, 'not all at once');
$sql->(q{SELECT workflow.pause('existing')});
my $paused = $sql->("SELECT $inside");
$until->(q{SELECT workflow.emit('some.thing', '1') IS NOT NULL AND (SELECT max(r.at) FROM workflow.round r) >
	(SELECT w.paused_at + interval '2 seconds' FROM workflow.workflow w WHERE w.name = 'existing')});
is($sql->("SELECT $inside <= $paused + 3"), 't', 'a pause pauses it: rounds that come later let nobody in');
$sql->(q{SELECT workflow.resume('existing')});
ok($until->("SELECT $inside > $paused + 5"), 'and it goes on afterwards');
$sql->(q{SELECT workflow.stop_enrolling('existing')});
is($sql->(q{SELECT state || ' ' || detail FROM workflow.intakes}), 'finished stopped', 'until it is stopped');
is($sql->(qq{SELECT count(*) = count(DISTINCT contact_key) FROM workflow.enrollments WHERE workflow = 'existing'}), 't', 'nobody entered twice');

$node->stop;
done_testing();

# Who is there already, let in by the worker (semantics 8): at its pace, over a restart and a crash; and a schedule that the worker keeps by itself, without an event.
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
	INSERT INTO contacts (name, phone) SELECT 'Old ' || n, '1' FROM generate_series(1, 60) n;
	RESET pg_workflow.capture;
	SELECT workflow.create_workflow('existing', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "wait", "for": "1 day"}]}');
	SELECT workflow.publish('existing');
});
my $inside = q{(SELECT count(*) FROM workflow.enrollments WHERE workflow = 'existing')};
is($sql->("SELECT workflow.enroll_existing('existing', import => 'start')"), '60', 'an import is counted first');
$sql->("SELECT workflow.enroll_existing('existing', import => 'start', dry_run => false, per_minute => 30)");
ok($until->("SELECT $inside = 30"), 'the worker is woken: a minute\'s worth comes at once');
ok($until->("SELECT $inside > 31"), 'then one every other second, without a commit that would wake it');
$node->restart;
ok($until->("SELECT $inside > 34"), 'it goes on after a restart');
my $pid = worker($node, 'postgres');
kill 'KILL', $pid;
$node->poll_query_until('postgres', 'SELECT 1', '1');
ok($until->("SELECT $inside > 38"), 'and after a crash');
cmp_ok($sql->("SELECT $inside"), '<', 60, 'not all at once');
$sql->(q{SELECT workflow.pause('existing')});
my $paused = $sql->("SELECT $inside");
$until->(q{SELECT workflow.emit('some.thing', '1') IS NOT NULL AND (SELECT max(r.at) FROM workflow.round r) >
	(SELECT w.paused_at + interval '5 seconds' FROM workflow.workflow w WHERE w.name = 'existing')});
is($sql->("SELECT $inside <= $paused + 1"), 't', 'a pause pauses it: rounds that come later let nobody in');
$sql->(q{SELECT workflow.resume('existing')});
ok($until->("SELECT $inside > $paused + 1"), 'and it goes on afterwards');
$sql->(q{SELECT workflow.stop_enrolling('existing')});
is($sql->(q{SELECT state || ' ' || detail FROM workflow.intakes}), 'finished stopped', 'until it is stopped');
is($sql->(qq{SELECT count(*) = count(DISTINCT contact_key) FROM workflow.enrollments WHERE workflow = 'existing'}), 't', 'nobody entered twice');

# A schedule of every minute: nothing but the clock wakes the worker.
$sql->(q{
	SELECT workflow.create_workflow('minutes', '{"triggers": [{"on": "schedule", "cron": "* * * * *", "filter": {"field": "contact.name", "operator": "=", "value": "Old 7"}}],
	  "steps": [{"type": "stop"}]}');
	SELECT workflow.publish('minutes');
});
{
	local $PostgreSQL::Test::Utils::timeout_default = 120;
	ok($until->(q{SELECT count(*) = 1 FROM workflow.enrollments WHERE workflow = 'minutes'}), 'D13: a schedule is kept without an event');
}
is($sql->(q{SELECT date_part('second', event_at) FROM workflow.enrollments WHERE workflow = 'minutes'}), '0', 'at the minute');
is($sql->(q{SELECT entered_at - event_at < interval '5 seconds' FROM workflow.enrollments WHERE workflow = 'minutes'}), 't', 'in time');

$node->stop;
done_testing();

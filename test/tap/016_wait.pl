# wait_for_message (functions.md): returns when there is something to claim, holds no snapshot meanwhile, and refuses to wait inside a transaction.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('wait');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
$sql->(q{
CREATE EXTENSION pg_workflow;
SELECT workflow.ensure_event_log();
SELECT workflow.create_workflow('w', '{"triggers": [{"on": "manual"}], "steps": [{"type": "send", "channel": "email", "body": "x"}]}');
SELECT workflow.publish('w');
CREATE ROLE sender LOGIN;
SELECT workflow.grant_access('sender', 'sender')});

my ($code, $out, $err) = $node->psql('postgres', "BEGIN; CALL workflow.wait_for_message('email', '1 second')");
like($err, qr/wait_for_message cannot run inside a transaction block/, 'not inside a transaction block');
($code, $out, $err) = $node->psql('postgres', "CALL workflow.wait_for_message('email', '-1 second')");
like($err, qr/"timeout" must be from nothing to a day/, 'nor for less than nothing');
is($sql->("CALL workflow.wait_for_message('email', '20 milliseconds')"), '', 'it gives up after the timeout');

# A sender waits. While it does, its backend has neither snapshot nor transaction.
my ($answer, $errors) = ('', '');
my $sender = IPC::Run::start(['psql', '-qAtX', '-U', 'sender', '-d', $node->connstr('postgres'), '-c', "CALL workflow.wait_for_message('email', '60 seconds')", '-c', '\echo returned'],
	'>', \$answer, '2>', \$errors);
ok($node->poll_query_until('postgres',
	"SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'CALL workflow.wait_for%' AND wait_event = 'Extension' AND backend_xmin IS NULL AND backend_xid IS NULL"),
	'it holds no snapshot');
$sql->("SELECT workflow.enroll('w', '1')");
$sender->finish;
is($answer, "returned\n", 'it returns when a message comes');
is($errors, '', 'with the rights of a sender');
is($sql->("SELECT count(*) FROM workflow.claim('email', 10)"), '1', 'which is there to claim');

$node->stop;
done_testing();

# A round whose commit fails, and tables whose partitions somebody has locked (architecture "Processes", attach 9).
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('commit', "pg_workflow.nap = '100ms'");
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };

crm($node, 'postgres',
	binding => '{"entity": "contact", "events": {"contact.renamed": {"when": {"field": "name", "operator": "changed"}}}}',
	steps => '{"id": "rename", "type": "set", "values": {"contact.name": "{{ contact.name }}!"}}');
publish($node, 'postgres', 'renamed',
	'{"triggers": [{"on": "contact.renamed"}], "steps": [{"type": "send", "channel": "sms", "body": "Now {{ contact.name }}"}]}');
my $pid = worker($node, 'postgres');

# What a round captures is written when it commits: a second event of one transaction is one too many for these indexes.
$sql->("CREATE UNIQUE INDEX one_$_ ON workflow.event_$_ (xid)") for 0 .. 2;
my $log = -s $node->logfile;
# Two transactions, both there before the worker's next round.
$sql->('SELECT workflow.halt()');
$sql->("INSERT INTO contacts (name) VALUES ('$_')") for qw(Ada Bob);
$sql->('SELECT workflow.resume_all()');
$node->wait_for_log(qr/duplicate key value violates unique constraint "one_/, $log);
is(worker($node, 'postgres'), $pid, 'a worker outlives a commit that fails');
$sql->("DROP INDEX workflow.one_$_") for 0 .. 2;
ok($node->poll_query_until('postgres', "SELECT array_agg(name ORDER BY id) = '{Ada!,Bob!}' FROM contacts"),
	'and does the round again');
is($sql->('SELECT count(*) FROM workflow.outbox'), '2', 'of which nothing had stayed');
is(worker($node, 'postgres'), $pid, 'it is still the same process');

$sql->('CREATE TABLE parts (id int PRIMARY KEY, contact int) PARTITION BY RANGE (id); CREATE TABLE part PARTITION OF parts DEFAULT');
$sql->("BEGIN; LOCK TABLE part IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'holder'");
my ($code, $out, $error) = $node->psql('postgres', q{SET statement_timeout = '20s'; SET lock_timeout = '100ms';
	SELECT * FROM workflow.attach('parts', '{"entity": "part", "contact": "contact"}')}, extra_params => ['-v', 'VERBOSITY=verbose']);
like($error, qr/55P03.*prepared transaction 'holder'/s, 'attach does not wait for a locked partition longer than lock_timeout, and says who holds it');
$sql->("ROLLBACK PREPARED 'holder'");
attach($node, 'postgres', 'parts', '{"entity": "part", "contact": "contact"}');
$sql->("BEGIN; LOCK TABLE part IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION 'holder'");
is($sql->(q{SET statement_timeout = '20s'; SELECT count(*) FROM workflow.doctor() WHERE name = 'source public.parts'}), '1', 'doctor waits for nobody');
$sql->("ROLLBACK PREPARED 'holder'");

$node->stop;
done_testing();

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

# What holds where a worker writes rows of the CRM: their owner's triggers see it. And a real circle, in which the worker gives way.
$sql->(q{CREATE TABLE seen (what text); CREATE TABLE total (n int); INSERT INTO total VALUES (0);
	CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	  INSERT INTO seen VALUES (concat_ws(' ', current_setting('lock_timeout'), current_setting('deadlock_timeout'), current_setting('row_security')));
	  UPDATE total SET n = n + 1; RETURN NULL; END $$;
	CREATE TRIGGER seen AFTER UPDATE ON contacts FOR EACH ROW WHEN (OLD.name NOT LIKE '%!') EXECUTE FUNCTION seen()});
$sql->(q{INSERT INTO contacts (name) VALUES ('Cy')});
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM contacts WHERE name = 'Cy!'}), 'a row that the worker changes');
is($sql->('SELECT DISTINCT what FROM seen'), '200ms 10ms off', 'semantics 31: under a lock_timeout of 200 ms, and a deadlock_timeout that finds the worker first');
my $user = session($node, 'postgres');
$user->query_safe('BEGIN; UPDATE total SET n = n + 100');
$sql->(q{INSERT INTO contacts (name) VALUES ('Dee')});
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM workflow.enrollments e JOIN contacts c ON c.id::text = e.contact_key WHERE c.name = 'Dee' AND e.state = 'retry' AND e.attempts = 0}),
	'semantics 31: the worker gives way, and counts no attempt');
is($user->query_safe(q{UPDATE contacts SET phone = '1' WHERE name = 'Dee' RETURNING phone}), '1', 'semantics 31: a user who holds what the worker wants, and wants what it holds, has it');
$user->query_safe('COMMIT');
$user->quit;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM contacts WHERE name = 'Dee!' AND phone = '1'}), 'and the worker does its work afterwards');
is($sql->(q{SELECT count(*) FROM workflow.errors}), '0', 'semantics 28: which was no failure');

$node->stop;
done_testing();

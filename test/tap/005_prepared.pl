# Late commits and prepared transactions: what a transaction wrote comes when it commits, however many have come and gone since it began
# (semantics 2, architecture "Beyond one machine": reading by the difference of two snapshots).
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('prepared', "pg_workflow.nap = '1h'");
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
crm($node, 'postgres');
worker($node, 'postgres');
my $insert = sub { return "INSERT INTO contacts (name, phone) VALUES ('$_[0]', '1')" };
my $said = sub { return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM workflow.message WHERE body = 'Hello $_[0]'") };
my $silent = sub { my ($who, $name) = @_; is($sql->("SELECT count(*) FROM workflow.message WHERE body = 'Hello $who'"), 0, $name) };

# A late commit.
my $late = session($node, 'postgres');
$late->query_safe('BEGIN');
$late->query_safe($insert->('late'));
for my $who (qw(one two three))
{
	$sql->($insert->($who));
	ok($said->($who), "$who began later and has its message");
}
$silent->('late', 'the transaction that began first has none yet');
$late->query_safe('COMMIT');
ok($said->('late'), 'and has it when it commits, though the reader was past its beginning');

# It wrote its events long before it commits, too: what is flushed early has small ids.
$late->query_safe(q{BEGIN; SET LOCAL pg_workflow.capture_memory = '64kB'});
$late->query_safe(q{INSERT INTO contacts (name, phone) SELECT 'bulk' || i, '1' FROM generate_series(1, 3000) i});
$sql->($insert->('four'));
ok($said->('four'), 'an event with a greater id than those of an open transaction is read');
is($sql->(q{SELECT count(*) FROM workflow.message WHERE body LIKE 'Hello bulk%'}), 0, 'and those are not');
$late->query_safe('COMMIT');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 3000 FROM workflow.message WHERE body LIKE 'Hello bulk%'}), 'none of them is missed');
$late->query_safe('BEGIN');
$late->query_safe($insert->('nobody'));
$late->query_safe('ROLLBACK');
$late->quit;

# Prepared transactions, in one transaction with a row that changes twice and a savepoint that is rolled back (semantics 2).
for my $end (qw(commit roll_back))
{
	$sql->("BEGIN; INSERT INTO contacts (id, name, phone) VALUES (nextval('contacts_id_seq'), 'x', '1');
		UPDATE contacts SET name = 'prepared to $end' WHERE id = currval('contacts_id_seq');
		SAVEPOINT s; " . $insert->("never $end") . "; ROLLBACK TO s; PREPARE TRANSACTION '$end'");
}
$sql->($insert->('five'));
ok($said->('five'), 'while a transaction is prepared others come through');
is($sql->(q{SELECT count(*) FROM workflow.message WHERE body LIKE 'Hello prepared%'}), 0, 'what is prepared has not happened yet');
$node->restart;
worker($node, 'postgres');
$sql->($insert->('six'));
ok($said->('six'), 'after a restart of the server, too');
is($sql->('SELECT count(*) FROM pg_prepared_xacts'), 2, 'the prepared transactions are still there');
$sql->(q{COMMIT PREPARED 'commit'});
$sql->($insert->('seven'));
ok($said->('prepared to commit'), 'COMMIT PREPARED brings the message, once, with the last values');
$sql->(q{ROLLBACK PREPARED 'roll_back'});
$sql->($insert->('eight'));
ok($said->('eight'), 'ROLLBACK PREPARED');
$silent->('prepared to roll_back', 'brings none');
is($sql->(q{SELECT count(*) FROM workflow.message WHERE body ~ 'never|Hello x$'}), 0, 'nor does what a savepoint rolled back, or a value that did not last');

# COMMIT PREPARED by itself, with nobody who writes afterwards: PREPARE has set no latch that anyone still needs, the commit is seen by the poll.
$sql->('ALTER SYSTEM SET pg_workflow.nap = 500');
$node->reload;
$sql->('BEGIN; ' . $insert->('poll') . q{; PREPARE TRANSACTION 'p'});
$sql->(q{COMMIT PREPARED 'p'});
ok($said->('poll'), 'a COMMIT PREPARED is found without another write');

# An old prepared transaction costs nothing: the window that a round reads stays small, and the event log is emptied in spite of it.
$sql->('BEGIN; ' . $insert->('old') . q{; PREPARE TRANSACTION 'old'});
$sql->($insert->("many$_")) for 1 .. 20;
ok($said->('many20'), 'many transactions come and go beside an old prepared one');
is($sql->(q{SELECT sum(events) FROM workflow.round WHERE id > (SELECT max(id) FROM workflow.round) - 20 AND events > 20}), '', 'no round reads again what was read');
ok($node->poll_query_until('postgres', 'SELECT workflow.unread_events() = 0'), 'nothing that has committed is unread');
$sql->(q{SET statement_timeout = '5s'; SELECT workflow.maintain()});
$sql->(q{COMMIT PREPARED 'old'});
ok($said->('old'), 'and comes at last');
is($sql->('SELECT (SELECT count(*) FROM workflow.message) - (SELECT count(*) FROM contacts)'), 0, 'one message for each contact');
is($sql->('SELECT count(*) - count(DISTINCT idempotency_key) FROM workflow.message'), 0, 'and none twice');

# The events of the host's sessions under REPEATABLE READ and SERIALIZABLE come as well.
for my $level ('REPEATABLE READ', 'SERIALIZABLE')
{
	$sql->("BEGIN ISOLATION LEVEL $level; " . $insert->(lc $level) . '; COMMIT');
	ok($said->(lc $level), "a host under $level");
}
$node->stop;
done_testing();

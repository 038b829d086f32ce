# Scenarios with several sessions: one event a thousand times (1), what commits late (15); and nothing of ours makes the host wait (semantics 3, 6, 24, 25).
# What needs many rows is in 018.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('scenarios', "pg_workflow.nap = '100ms'");
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
# `clients` sessions that run a script so often each.
my $many = sub {
	my ($database, $clients, $times, $script) = @_;
	my $file = "$tmp/" . int(rand(1e9)) . '.sql';
	append_to_file($file, $script);
	my ($in, $out) = ('', '');
	my $run = IPC::Run::start(['pgbench', '-n', '-c', $clients, '-t', $times, '-f', $file, $node->connstr($database)], '<', \$in, '&>', \$out);
	ok($run->finish, "$clients sessions, $times times each") or diag $out;
};
my $one = '{"id": "hello", "type": "send", "channel": "sms", "body": "Hello {{ contact.name }}"}';

# 1: replay.
crm($node, 'postgres', steps => $one);
publish($node, 'postgres', 'replayed', "{\"triggers\": [{\"on\": \"t.came\"}], \"settings\": {\"reentry\": \"every_event\"}, \"steps\": [$one]}");
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Ana', '1'); CREATE TABLE seen (event uuid)});
$many->('postgres', 8, 125, q{INSERT INTO seen SELECT workflow.emit('t.came', '1', event_id => 'once');} . "\n");
ok($node->poll_query_until('postgres', 'SELECT workflow.unread_events() = 0'), 'all is read');
is($sql->('SELECT count(*), count(DISTINCT event) FROM seen'), '1000|1', 'scenario 1, semantics 3: a thousand calls from 8 sessions return one id');
is($sql->(q{SELECT (SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'replayed'), (SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'replayed')}), '1|1',
	'scenario 1, semantics 24: one enrollment and one message');
is($sql->(q{SELECT r.reason, count(*) FROM workflow.refusals r WHERE r.workflow = 'replayed' GROUP BY 1}), 'duplicate_event|999', 'scenario 1, semantics 5: each other one with its reason');

# 15: what commits late is not passed over.
my $late = session($node, 'postgres');
$late->query_safe(q{BEGIN});
$late->query_safe(q{INSERT INTO contacts (name, phone) VALUES ('Late', '2')});
$late->query_safe(q{SELECT workflow.emit('t.came', '1', event_id => 'late')});
$sql->(q{INSERT INTO contacts (name, phone) SELECT 'Early', n FROM generate_series(1, 300) n});
ok($node->poll_query_until('postgres', q{SELECT count(*) = 300 FROM workflow.message WHERE body = 'Hello Early'}), 'others enter meanwhile');
is($sql->(q{SELECT count(*) FROM (SELECT workflow.ack(t) FROM (SELECT DISTINCT c.token AS t FROM workflow.claim('sms', 1000) c) k) a}), 1, 'and are written to');
$late->query_safe('COMMIT');
$late->quit;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM workflow.outbox o WHERE o.state = 'ready'}), 'scenario 15, semantics 25: what commits late enters, by a row and by a call');
is($sql->(q{SELECT string_agg(c.body, ', ' ORDER BY c.body) FROM workflow.claim('sms', 10) c}), 'Hello Ana, Hello Late', 'scenario 15: and is handed out');

# 15: messages that commit late, where the marks of claims have gone past them. No worker is there, so that rounds are ours.
$sql->(q{ALTER SYSTEM SET pg_workflow.databases = 'postgres'});
$node->reload;
crm($node, 'late', steps => $one);
my $in_late = sub { return $node->safe_psql('late', $_[0]) };
my $claim = sub { return $in_late->(q{SELECT count(*), coalesce(max(c.body), '') FROM workflow.claim('sms', 1000) c}) };
my $send = sub { return $in_late->(q{SELECT coalesce(sum(workflow.ack(k.t)), 0) FROM (SELECT DISTINCT c.token AS t FROM workflow.claim('sms', 1000) c) k}) };
$in_late->(q{INSERT INTO contacts (name, phone) SELECT 'Early', n FROM generate_series(1, 300) n; SELECT workflow.tick()});
$in_late->(q{INSERT INTO contacts (name, phone) SELECT 'Late', n FROM generate_series(1, 3) n});
my $round = session($node, 'late');
$round->query_safe('BEGIN');
is($round->query_safe('SELECT messages FROM workflow.tick()'), 3, 'a round has written messages and not committed');
is($send->(), 300, 'meanwhile the others are handed out and sent');
is($claim->(), '0|', 'and nothing is left');
$in_late->('SELECT workflow.maintain()');  # keeps the marks, as the worker does
is($claim->(), '0|', 'for any sender');
$round->query_safe('COMMIT');
$round->quit;
is($in_late->(q{SELECT string_agg(c.body, ', ') FROM workflow.claim('sms', 2) c}), 'Hello Late, Hello Late', 'scenario 15, semantics 25: a message that commits late is handed out');
# So is one that comes back, and one whose claim is undone.
my $sender = session($node, 'late');
$sender->query_safe('BEGIN');
is($sender->query_safe(q{SELECT count(*) FROM workflow.claim('sms', 10) c}), 1, 'a claim that has not committed');
is($claim->(), '0|', 'nobody else gets it');
$sender->query_safe('ROLLBACK');
is($claim->(), '1|Hello Late', 'scenario 15: it was never claimed');
$sender->query_safe('BEGIN');
is($sender->query_safe(q{SELECT string_agg(workflow.nack(l.token, l.message, 'later', '1 ms'), ' ') FROM workflow.lease l WHERE l.at > now() - interval '1 hour'
	AND NOT EXISTS (SELECT FROM workflow.outcome o WHERE o.message = l.message)}), 'ready ready ready', 'three that come back, not committed yet');
$in_late->(q{INSERT INTO contacts (name, phone) VALUES ('New', '1'); SELECT workflow.tick()});
is($claim->(), '1|Hello New', 'others go on');
$sender->query_safe('COMMIT');
$sender->quit;
is($claim->(), '3|Hello Late', 'scenario 15, semantics 25: they are handed out again');

# Nothing of ours makes the host wait: a round with all it has written, a table of the log that is being truncated, and every table of ours locked as
# strongly as a worker locks it.
my $quiet = sub { return $node->safe_psql('quiet', $_[0]) };
crm($node, 'quiet', steps => "{\"id\": \"w\", \"type\": \"wait\", \"for\": \"90 days\"}, $one");
publish($node, 'quiet', 'morning', qq({"triggers": [{"on": "manual"}], "steps": [$one]}));
$sql->('ALTER DATABASE quiet SET pg_workflow.virtual_clock = on');
$quiet->(q{INSERT INTO contacts (name, phone) SELECT 'x', n FROM generate_series(1, 4000) n});
ticks($node, 'quiet', '2031-01-07 09:00Z');
my $host = sub {
	my ($name) = @_;
	my ($status, $out, $error) = $node->psql('quiet', q{SET lock_timeout = '20ms'; SET statement_timeout = '5s';
		INSERT INTO contacts (name, phone) VALUES ('host', '1'); UPDATE contacts SET name = 'host 2' WHERE name = 'host'; DELETE FROM contacts WHERE id = 5;
		BEGIN; INSERT INTO contacts (name, phone) SELECT 'host 3', n FROM generate_series(1, 100) n; SAVEPOINT s; UPDATE contacts SET phone = 'x' WHERE name = 'host 3'; ROLLBACK TO s; COMMIT});
	is("$status $error", '0 ', "semantics 6: the host's statements do not wait: $name");
};
my $worker = session($node, 'quiet');
$worker->query_safe('BEGIN');
$quiet->(q{INSERT INTO contacts (name, phone) SELECT 'y', n FROM generate_series(1, 50) n; SELECT count(*) FROM (SELECT workflow.enroll('morning', n::text) FROM generate_series(3000, 3020) n) e});
$worker->query_safe(q{SELECT FROM workflow.tick('2031-01-07 10:00Z')});
$host->('a round that has written and not committed');
$worker->query_safe('SELECT workflow.maintain()');
$host->('housekeeping in progress');
$worker->query_safe('LOCK TABLE workflow.event_0, workflow.event_1 IN ACCESS EXCLUSIVE MODE');
$host->('tables of the log that are being truncated');
my $tables = $quiet->(q{SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname) FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^event_'});
$worker->query_safe("LOCK TABLE $tables IN SHARE UPDATE EXCLUSIVE MODE");
$worker->query_safe("LOCK TABLE $tables IN ROW EXCLUSIVE MODE");
$host->('every table of ours locked');
$worker->query_safe(q{UPDATE workflow.version SET comment = 'x'; UPDATE workflow.workflow SET owner = owner; UPDATE workflow.source SET owner = owner});
$host->('every definition being changed');
$worker->query_safe('ROLLBACK');
$worker->quit;
ticks($node, 'quiet', '2031-01-07 11:00Z');
is($quiet->(q{SELECT count(*) FROM contacts c WHERE c.name LIKE 'host%' AND NOT EXISTS (SELECT FROM workflow.enrollments e WHERE e.workflow = 'welcome' AND e.contact_key = c.id::text)}), 0,
	'semantics 6: and all of it was captured');
is($quiet->('SELECT count(*) FROM workflow.fault'), 0, 'without a fault');
$node->stop;
done_testing();

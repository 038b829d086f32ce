# Scenarios with several sessions: one event a thousand times (1), many who wait (11), a window that opens for many (12), what commits late (15); and
# nothing of ours makes the host wait (semantics 3, 6, 15, 24, 25, 28).
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
my $late = $node->background_psql('postgres');
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

# 11: many wait and none is due. A round touches as many blocks as where few wait.
my $quiet = sub { return $node->safe_psql('quiet', $_[0]) };
$sql->(q{ALTER SYSTEM SET pg_workflow.databases = 'postgres'});  # no worker in the other one
$node->reload;
crm($node, 'quiet', steps => "{\"id\": \"w\", \"type\": \"wait\", \"for\": \"90 days\"}, $one");
$sql->('ALTER DATABASE quiet SET pg_workflow.virtual_clock = on');
my $blocks = sub {
	my ($as_of) = @_;
	return $quiet->(qq{SET pg_workflow.batch_size = 10000; BEGIN; SELECT FROM workflow.tick('$as_of');
		SELECT sum(pg_stat_get_xact_blocks_fetched(c.oid)) FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind IN ('r', 'i'); COMMIT});
};
$quiet->(q{INSERT INTO contacts (name, phone) SELECT 'x', n FROM generate_series(1, 10) n});
ticks($node, 'quiet', '2031-01-06 09:00Z');
$blocks->('2031-01-06 09:01Z');
my $few = $blocks->('2031-01-06 09:02Z');
$quiet->(q{INSERT INTO contacts (name, phone) SELECT 'x', n FROM generate_series(1, 20000) n});
ticks($node, 'quiet', '2031-01-06 10:00Z');
$quiet->('SELECT workflow.maintain()');  # empties the log, as the worker does once a minute
is($quiet->(q{SELECT count(*) FROM workflow.waiting}), 20010, '20,010 wait');
$blocks->('2031-01-06 10:01Z');
my $lots = $blocks->('2031-01-06 10:02Z');
note "blocks of a round where 10 wait: $few, where 20,010 wait: $lots";
cmp_ok($lots, '<=', $few + 20, 'scenario 11: a round that has nothing to do reads no more where many wait');

# 12: a window opens for many; four senders; one enrollment that fails and one message that cannot be sent.
publish($node, 'quiet', 'morning', '{"triggers": [{"on": "manual"}], "settings": {"send_window": [{"days": ["tue"], "from": "09:00", "to": "17:00"}], "on_error": {"retry": 0}},
	"steps": [{"id": "s", "type": "send", "channel": "push", "to": "{{ contact.phone }}", "body": "{{ 100 | divided_by: contact.id | plus: 0 }}{% if contact.id == 7 %}{{ 1 | divided_by: 0 }}{% endif %}"}]}');
$quiet->(q{SELECT count(*) FROM (SELECT workflow.enroll('morning', n::text) FROM generate_series(1, 2000) n) e});
ticks($node, 'quiet', '2031-01-06 12:00Z');
is($quiet->(q{SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'morning' AND e.state = 'window'}), 2000, 'scenario 12, semantics 15: 2,000 are held until the window opens');
$quiet->(q{SET pg_workflow.batch_size = 5000; SELECT workflow.tick('2031-01-07 09:00Z')});
is($quiet->(q{SELECT e.reason, count(*) FROM workflow.enrollments e WHERE e.workflow = 'morning' GROUP BY 1 ORDER BY 1}), "completed|1999\nerror|1", 'scenario 12, semantics 28: one fails, the others are written in one round');
$quiet->(q{CREATE TABLE sent (id bigint, phone text);
CREATE PROCEDURE send_all() LANGUAGE plpgsql AS $$
DECLARE
  m record;
  any_left boolean;
BEGIN
  LOOP
    any_left := false;
    FOR m IN SELECT * FROM workflow.claim('push', 25) LOOP
      any_left := true;
      IF m.contact_key = '13' THEN
        PERFORM workflow.nack(m.token, m.id, 'poison', permanent => true);
      ELSE
        INSERT INTO sent VALUES (m.id, m.contact_key);
        PERFORM workflow.ack(m.token, ARRAY[m.id]);
      END IF;
    END LOOP;
    COMMIT;
    EXIT WHEN NOT any_left;
  END LOOP;
END $$});
$many->('quiet', 4, 1, "CALL send_all();\n");
is($quiet->('SELECT count(*), count(DISTINCT id) FROM sent'), '1998|1998', 'scenario 12, semantics 25: four senders send each message once');
is($quiet->(q{SELECT o.state, count(*) FROM workflow.outbox o WHERE o.workflow = 'morning' GROUP BY 1 ORDER BY 1}), "failed|1\nsent|1998", 'scenario 12: a poison message resends none');

# Nothing of ours makes the host wait: a round with all it has written, a table of the log that is being truncated, and every table of ours locked as
# strongly as a worker locks it.
my $host = sub {
	my ($name) = @_;
	my ($status, $out, $error) = $node->psql('quiet', q{SET lock_timeout = '20ms'; SET statement_timeout = '5s';
		INSERT INTO contacts (name, phone) VALUES ('host', '1'); UPDATE contacts SET name = 'host 2' WHERE name = 'host'; DELETE FROM contacts WHERE id = 5;
		BEGIN; INSERT INTO contacts (name, phone) SELECT 'host 3', n FROM generate_series(1, 100) n; SAVEPOINT s; UPDATE contacts SET phone = 'x' WHERE name = 'host 3'; ROLLBACK TO s; COMMIT});
	is("$status $error", '0 ', "semantics 6: the host's statements do not wait: $name");
};
my $worker = $node->background_psql('quiet');
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

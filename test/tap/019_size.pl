# Scenarios at their full size, one after the other in one database: an import of 100,000 rows under a tag (19; semantics 4, 8), the 100,000 it lets in
# when their window opens, with throttles, four senders and two that fail (12; semantics 15, 25, 28), and a million who wait (11). The virtual clock
# is in 2025: a real one is later. As all this takes more than a minute, a worker keeps a schedule beside it (D13).
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'time';
use Workflow;

my $node = node('size', "pg_workflow.databases = 'postgres'", "pg_workflow.nap = '1h'", 'shared_buffers = 256MB', 'max_wal_size = 4GB', 'max_connections = 20',
	'synchronous_commit = off', 'autovacuum = off');
my $sql = sub { return $node->safe_psql('size', $_[0]) };
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $began = time;
my $note = sub { note sprintf '%5.1f s: %s', time - $began, $_[0] };
# Rounds at one instant until nothing is left to do: the messages written, and the errors met.
my $rounds = sub {
	my ($as_of) = @_;
	my ($messages, $errors, $before) = (0, 0, -1);
	for (1 .. 100)
	{
		my ($events, $steps, $written, $failed, $looked) = split /[|\n]/, $sql->("SET pg_workflow.batch_size = 20000; SELECT events, steps, messages, errors FROM workflow.tick('$as_of');
			SELECT coalesce(sum(i.looked), 0) FROM workflow.intakes i");
		($messages, $errors) = ($messages + $written, $errors + $failed);
		return ($messages, $errors) if $events == 0 && $steps == 0 && $looked == $before;
		$before = $looked;
	}
	die "rounds at $as_of do not come to an end";
};
# Buffers that a round touches, tables and catalogs together, once the session knows its way.
my $touched = sub {
	my ($as_of) = @_;
	my $explain = join '', map { "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) SELECT * FROM workflow.tick(timestamptz '$as_of' + '$_ seconds');\n" } 1 .. 4;
	my @plans = split /(?=Function Scan)/, $sql->($explain);
	my ($buffers) = $plans[-1] =~ /Buffers: (.*)/;
	my $sum = 0;
	$sum += $1 while $buffers =~ /(?:hit|read)=(\d+)/g;
	return $sum;
};

# A schedule of every minute in another database: with so long a nap, and no commit there, nothing but the clock wakes the worker.
crm($node, 'postgres');
$node->safe_psql('postgres', q{INSERT INTO contacts (name) VALUES ('Six'), ('Seven')});
publish($node, 'postgres', 'minutes', '{"triggers": [{"on": "schedule", "cron": "* * * * *", "filter": {"field": "contact.name", "operator": "=", "value": "Seven"}}], "steps": [{"type": "stop"}]}');

$node->safe_psql('postgres', 'CREATE DATABASE size');
$sql->(q{
	CREATE TABLE contacts (id bigint PRIMARY KEY, account text NOT NULL, name text, phone text);
	CREATE EXTENSION pg_workflow;
	ALTER DATABASE size SET pg_workflow.virtual_clock = on});
attach($node, 'size', 'contacts', '{"entity": "contact", "account": "account"}');
publish($node, 'size', 'ordinary', '{"triggers": [{"on": "contact.created"}, {"on": "contact.updated"}], "settings": {"reentry": "every_event"}, "steps": [{"type": "stop"}]}');
publish($node, 'size', 'morning', <<'JSON');
{"triggers": [{"on": "contact.created", "filter": {"field": "contact.phone", "operator": "notNull"}}],
 "settings": {"reentry": "never", "send_window": [{"days": ["tue"], "from": "09:00", "to": "17:00"}], "on_error": {"retry": 0}},
 "steps": [{"id": "hello", "type": "send", "channel": "sms", "body": "Hello {{ contact.name }}{% if contact.id == 701 %}{{ 1 | divided_by: 0 }}{% endif %}"},
           {"id": "rest", "type": "wait", "for": "30000 days"}, {"id": "late", "type": "send", "channel": "sms", "body": "Still there?"}]}
JSON

# Who is there already: 1 to 100 live, 101 to 200 have ended, 201 to 300 had no phone.
$sql->(q{INSERT INTO contacts SELECT n, 'a', 'Early ' || n, CASE WHEN n <= 200 THEN n::text END FROM generate_series(1, 300) n});
$rounds->('2025-01-06 09:00Z');
$sql->(q{SELECT count(workflow.unenroll('morning', n::text)) FROM generate_series(101, 200) n});
$rounds->('2025-01-06 09:01Z');
is($sql->(q{SELECT e.workflow, e.state, count(*) FROM workflow.enrollments e GROUP BY 1, 2 ORDER BY 1, 2}), "morning|ended|100\nmorning|window|100\nordinary|ended|300", 'some are there already');
my $few = $touched->('2025-01-06 09:02Z');

# 100,000 rows: 50,000 copied, then those who are there and 49,700 more; each hundredth has no phone. What is rolled back was not imported.
append_to_file("$tmp/import.txt", join '', map { join("\t", $_, $_ % 10 == 3 ? 'b' : 'a', "Copied $_", $_ % 100 ? $_ : '\N') . "\n" } 301 .. 50300);
$sql->(qq{SET pg_workflow.capture = 'tag:import';\n\\copy contacts FROM '$tmp/import.txt'
	BEGIN;
	INSERT INTO contacts SELECT n, 'a', 'Again ' || n, n::text FROM generate_series(1, 300) n ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone = excluded.phone;
	INSERT INTO contacts SELECT n, CASE WHEN n % 10 = 3 THEN 'b' ELSE 'a' END, 'Inserted ' || n, CASE WHEN n % 100 > 0 THEN n::text END FROM generate_series(50301, 100000) n;
	SAVEPOINT back;
	INSERT INTO contacts SELECT n, 'a', 'Never ' || n, n::text FROM generate_series(200001, 202000) n;
	ROLLBACK TO back;
	COMMIT});
$note->('imported');
is($sql->('SELECT count(*), workflow.unread_events() FROM contacts'), '100000|0', 'scenario 19, semantics 8: 100,000 rows are written under a tag, and none is captured as an event');
is($sql->(q{SELECT i.import, i.rows FROM workflow.imports i}), 'import|100000', 'each is remembered once');
$rounds->('2025-01-06 10:00Z');
is($sql->(q{SELECT e.workflow, count(*) FROM workflow.enrollments e GROUP BY 1 ORDER BY 1}), "morning|200\nordinary|300", 'scenario 19: the import enrolls nobody');
# 99,700 new ones, 997 of them without a phone, and the 100 who have one now.
is($sql->(q{SELECT workflow.enroll_existing('morning', import => 'import')}), 98803, 'scenario 19: they are counted first: by the filter, without who lives inside, without who may not enter again');
$note->('counted');
$rounds->('2025-01-06 10:01Z');
is($sql->(q{SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'morning'}), 200, 'scenario 19: which lets nobody in');
$sql->(q{SELECT workflow.enroll_existing('morning', import => 'import', dry_run => false, per_minute => 40000)});
for my $minute ([ 2, 40000 ], [ 3, 80000 ], [ 4, 98803 ])
{
	$rounds->("2025-01-06 10:0$minute->[0]Z");
	is($sql->(q{SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'morning' AND e.event_name = 'enroll_existing'}), $minute->[1], "scenario 19: at its pace, minute $minute->[0]");
}
$note->('let in');
is($sql->(q{SELECT i.state, i.looked, i.entered FROM workflow.intakes i}), 'finished|100000|98803', 'as the view says');
is($sql->(q{SELECT count(*), count(DISTINCT e.contact_key) FROM workflow.enrollments e WHERE e.workflow = 'morning'}), '99003|99003', 'scenario 19, semantics 4: everybody once, and nobody again');
is($sql->(q{SELECT count(*) FROM contacts c WHERE (c.phone IS NOT NULL) <> (EXISTS (SELECT FROM workflow.enrollment e WHERE e.contact_key = c.id::text AND e.account = c.account
	AND e.workflow = (SELECT w.id FROM workflow.workflow w WHERE w.name = 'morning')))}), 0, 'scenario 19: just those who have a phone');
is($sql->(q{SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'ordinary'}), 300, 'scenario 19: other workflows were told of none');
is($sql->(q{SELECT workflow.enroll_existing('morning', '[{"field": "contact.id", "operator": "<=", "value": 1000}, {"field": "contact.phone", "operator": "notNull"}]', 'import')}), 0, 'scenario 19: nobody is left');

# 12: they wait for Tuesday, nine o'clock.
is(join(' ', $rounds->('2025-01-07 08:59Z')), '0 0', 'before the window opens nothing is written');
is($sql->(q{SELECT count(*) FROM workflow.enrollments e WHERE e.workflow = 'morning' AND e.state = 'window'}), 98903, 'scenario 12, semantics 15: all are held until the window opens');
my ($messages, $errors) = $rounds->('2025-01-07 09:00Z');
$note->('written');
is("$messages $errors", '98902 1', 'scenario 12, semantics 28: then all are written but the one that fails');
is($sql->(q{SELECT e.contact_key, e.reason FROM workflow.enrollments e JOIN workflow.errors f ON f.enrollment = e.enrollment}), '701|error', 'which ends with its error');

# At most 25,000 within six seconds, of them 2,500 of account b; four sessions that send, by the real clock, until all is sent.
$sql->(q{
	SELECT workflow.set_throttle('sms', 25000, '6 seconds'), workflow.set_throttle('sms', 2500, '6 seconds', 'b');
	CREATE TABLE sent (ids bigint[], sender integer);
	CREATE PROCEDURE send_all() LANGUAGE plpgsql AS $$
	DECLARE
	  batch workflow.claimed[];
	BEGIN
	  LOOP
	    SELECT array_agg(c) INTO batch FROM workflow.claim('sms', 500) c;
	    COMMIT;
	    IF batch IS NULL THEN
	      EXIT WHEN (SELECT sum(cardinality(s.ids)) FROM sent s) = 98902;
	      PERFORM pg_sleep(0.05);
	      CONTINUE;
	    END IF;
	    INSERT INTO sent SELECT array_agg(m.id), pg_backend_pid() FROM unnest(batch) m;
	    PERFORM workflow.nack(m.token, m.id, 'poison', permanent => true) FROM unnest(batch) m WHERE m.contact_key = '1301';
	    PERFORM workflow.ack(batch[1].token, ARRAY(SELECT m.id FROM unnest(batch) m WHERE m.contact_key <> '1301'));
	    COMMIT;
	  END LOOP;
	END $$});
append_to_file("$tmp/size_send.sql", "CALL send_all();\n");
{
	local $ENV{PGOPTIONS} = '-c pg_workflow.virtual_clock=off';
	my ($in, $out) = ('', '');
	ok(IPC::Run::run([ 'pgbench', '-n', '-c', 4, '-j', 4, '-t', 1, '-f', "$tmp/size_send.sql", $node->connstr('size') ], '<', \$in, '&>', \$out), 'four senders send all') or diag $out;
}
$note->('sent');
is($sql->('SELECT count(*), count(DISTINCT i), count(DISTINCT s.sender) FROM sent s, unnest(s.ids) i'), '98902|98902|4', 'scenario 12, semantics 25: each message is handed out once');
is($sql->(q{SELECT o.state, count(*), count(DISTINCT o.contact_key) FROM workflow.outbox o GROUP BY 1 ORDER BY 1}), "failed|1|1\nsent|98901|98901", 'scenario 12, semantics 25: a message that cannot be sent resends none');
# The times at which they were handed out, and how many within the six seconds that end then.
$sql->(q{CREATE TABLE pace AS
	SELECT p.account, p.at, sum(p.count) OVER earlier AS so_far, sum(p.count) OVER period AS within
	  FROM (SELECT v.account, l.at, count(*) FROM workflow.lease l JOIN workflow.message m ON m.id = l.message, LATERAL (VALUES ('all'), (m.account)) v(account) GROUP BY 1, 2) p
	WINDOW earlier AS (PARTITION BY p.account ORDER BY p.at), period AS (PARTITION BY p.account ORDER BY p.at RANGE BETWEEN '5.999999 seconds' PRECEDING AND CURRENT ROW)});
is($sql->(q{SELECT p.account, max(p.within) FROM pace p WHERE p.account IN ('all', 'b') GROUP BY 1 ORDER BY 1}), "all|25000\nb|2500",
	'scenario 12: within any six seconds all senders together send what the throttles allow, not one more');
# (What is left of the account's share when the channel's is used up depends on who comes first.)
is($sql->(q{SELECT string_agg(p.so_far::text, ' ' ORDER BY p.so_far) FROM pace p WHERE p.account = 'all' AND p.within = 25000 AND p.so_far % 25000 = 0}), '25000 50000 75000',
	'scenario 12: and of the channel in each period not one less');
$note->('looked at');

# 11: a million wait for the next century. In a soak all of them have come through the product; else those who came by the import, each some ten times
# over with all that a round may look at: enrollment, state, timer. A thousand of the copies fall due soon, and then go on like any other.
my $is_soak = $ENV{WF_SOAK};
$sql->(q{SELECT workflow.set_throttle('sms', NULL, NULL), workflow.set_throttle('sms', NULL, NULL, 'b'), workflow.archive('ordinary')});
my $waiting = q{SELECT count(*) FROM workflow.waiting w WHERE w.step = 'rest'};
my $have = $sql->($waiting);
is($have, 98902, 'all who were written to wait');
if ($is_soak)
{
	for (my $first = 1000001; $have < 1000000; $first += 100000, $have = $sql->($waiting))
	{
		my $last = $first + (1000000 - $have < 100000 ? 1000000 - $have : 100000) - 1;
		$sql->("INSERT INTO contacts SELECT n, 'a', 'Many ' || n, n::text FROM generate_series($first, $last) n");
		$rounds->('2025-01-07 09:10Z');
	}
}
else
{
	$sql->(q{
	SET pg_workflow.capture = off;
	INSERT INTO contacts SELECT n, 'a', 'Many ' || n, n::text FROM generate_series(1000001, 1901098) n;
	DO $$
	DECLARE
	  first bigint := nextval('workflow.enrollment_id_seq');
	  -- Columns as they are, but for those given.
	  columns text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'workflow.enrollment'::regclass AND a.attnum > 0
	                     AND NOT a.attisdropped AND a.attname NOT IN ('id', 'account', 'contact_key', 'entry_key', 'entry_row', 'event'));
	  of_state text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'workflow.state'::regclass AND a.attnum > 0
	                      AND NOT a.attisdropped AND a.attname NOT IN ('enrollment', 'due'));
	  timers regclass;
	BEGIN
	  CREATE TEMP TABLE copied AS SELECT w.enrollment AS original, n - 1000001 + first AS id, n AS contact
	    FROM (SELECT s.enrollment, row_number() OVER () AS number FROM workflow.state s WHERE s.phase = 'waiting' AND s.step = 'rest') w, generate_series(1000001, 1901098) n
	   WHERE w.number = n % 98902 + 1;
	  EXECUTE format('INSERT INTO workflow.enrollment (id, account, contact_key, entry_key, entry_row, event, %s)
	    SELECT c.id, %L, c.contact::text, c.contact::text, c.contact::text, md5(c.contact::text)::uuid, %1$s FROM copied c JOIN workflow.enrollment e ON e.id = c.original', columns, 'a');
	  EXECUTE format('INSERT INTO workflow.state (enrollment, due, %s) SELECT c.id, CASE WHEN c.contact <= 1001000 THEN %L ELSE s.due END, %1$s
	    FROM copied c JOIN workflow.state s ON s.enrollment = c.original', of_state, '2025-01-07 10:00Z');
	  SELECT t.tableoid::regclass INTO STRICT timers FROM workflow.timer t JOIN workflow.state s ON s.enrollment = t.enrollment AND s.timer = t.number AND s.step = 'rest' LIMIT 1;
	  EXECUTE format('INSERT INTO %s (due, enrollment, number) SELECT s.due, c.id, s.timer FROM copied c JOIN workflow.state s ON s.enrollment = c.id WHERE c.contact > 1001000', timers);
	  INSERT INTO workflow.timer (due, enrollment, number) SELECT s.due, c.id, s.timer FROM copied c JOIN workflow.state s ON s.enrollment = c.id WHERE c.contact <= 1001000;
	  PERFORM setval('workflow.enrollment_id_seq', first + 1000000);
	END $$});
}
$note->('many wait');
is($sql->($waiting), 1000000, 'scenario 11: a million wait');
is($sql->('SELECT count(*) FROM workflow.stuck'), 0, 'each with its timer');
$note->('counted');
my $lots = $touched->('2025-01-07 09:20Z');
note "buffers of a round that has nothing to do, where 100 wait: $few; where a million wait: $lots";
cmp_ok($lots, '<=', $few + 20, 'scenario 11: a round that has nothing to do touches no more where a million wait');
cmp_ok($lots, '<=', 200, 'scenario 11: and these are few');
unless ($is_soak)
{
	is(join(' ', $rounds->('2025-01-07 09:59:59Z')), '0 0', 'nothing is due');
	is(join(' ', $rounds->('2025-01-07 10:00Z')), '1000 0', 'scenario 11: of a million those go on who are due');
	is($sql->(q{SELECT count(DISTINCT m.contact_key), min(m.contact_key), max(m.contact_key) FROM workflow.message m WHERE m.step = 'late'}), '1000|1000001|1001000', 'just those');
	is($sql->($waiting), 999000, 'and nobody else');
	$few = $touched->('2025-01-07 10:10Z');
	cmp_ok($few, '<=', 200, 'afterwards there is as little to do');
}
$note->('rounds');

# Nor does the worker poll: it sleeps through commits that are not for it, and until something is due.
$sql->('ALTER DATABASE size RESET pg_workflow.virtual_clock; CREATE TABLE other (id int)');
publish($node, 'size', 'soon', '{"triggers": [{"on": "manual"}], "steps": [{"type": "wait", "for": "2 seconds"}, {"id": "soon", "type": "send", "channel": "sms", "body": "x"}]}');
$node->safe_psql('postgres', q{ALTER SYSTEM SET pg_workflow.databases = 'postgres,size'});
$node->reload;
my $worker = worker($node, 'size');
my $asleep = qq{FROM pg_stat_activity a WHERE a.pid = $worker AND a.state = 'idle' AND a.wait_event = 'Extension'};
my $sleeps = sub {
	my ($name) = @_;
	ok($node->poll_query_until('size', "SELECT count(*) = 1 $asleep"), "$name: the worker sleeps");
	my $since = $sql->("SELECT a.state_change $asleep");
	$sql->(join "\n", map { "INSERT INTO other VALUES ($_); UPDATE contacts SET name = 'Renamed' WHERE id = $_;" } 1 .. 500);
	is($sql->("SELECT a.state_change = '$since' $asleep"), 't', "scenario 11: $name: and is not woken by what is not for it");
};
$sleeps->('a million wait');
$sql->(q{SELECT workflow.enroll('soon', '1')});
ok($node->poll_query_until('size', q{SELECT count(*) = 1 FROM workflow.outbox o WHERE o.step = 'soon'}), 'scenario 11: who is due wakes it');
is($sql->(q{SELECT o.created_at - o.due_at < interval '5 seconds', o.created_at >= o.due_at FROM workflow.outbox o WHERE o.step = 'soon'}), 't|t', 'scenario 11: in time');
$sleeps->('afterwards');
$note->('asleep');

{
	local $PostgreSQL::Test::Utils::timeout_default = 120;
	ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM workflow.enrollments e WHERE e.workflow = 'minutes'}), 'D13: a schedule is kept without an event');
}
is($node->safe_psql('postgres', q{SELECT count(*) = 1 + extract(epoch FROM max(e.event_at) - min(e.event_at)) / 60, count(DISTINCT e.contact_key), max(extract(second FROM e.event_at))
	FROM workflow.enrollments e WHERE e.workflow = 'minutes'}), 't|1|0.000000', 'each minute, at the minute');
is($node->safe_psql('postgres', q{SELECT max(e.entered_at - e.event_at) < interval '10 seconds' FROM workflow.enrollments e WHERE e.workflow = 'minutes'}), 't', 'in time');
$node->stop;
done_testing();

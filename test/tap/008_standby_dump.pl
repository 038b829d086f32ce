# A copy of the database never acts by itself: it is halted until adopt(), and then goes on where the original stood. A promoted standby
# goes on without being asked (R3, semantics 33, storage rules "pg_dump").
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $origin = node('origin', "pg_workflow.nap = '200ms'");
my $steps = '{"id": "hello", "type": "send", "channel": "sms", "body": "Hello {{ contact.name }}"}, {"id": "pause", "type": "wait", "for": "2 days"},
	{"id": "again", "type": "send", "channel": "sms", "body": "Still there, {{ contact.name }}?"}';
crm($origin, 'crm', steps => $steps);
my $insert = sub { my ($node, $database, $who) = @_; $node->safe_psql($database, "INSERT INTO contacts (name, phone) VALUES ('$who', '1')") };
my $said = sub { my ($node, $database, $who) = @_; return $node->poll_query_until($database, "SELECT count(*) = 1 FROM workflow.message WHERE body = 'Hello $who'") };
my $count = sub { my ($node, $database) = @_; return $node->safe_psql($database, q{SELECT count(*) FILTER (WHERE step = 'hello'), count(*) FILTER (WHERE step = 'again') FROM workflow.message}) };
# Nobody is there twice, and nothing of what the ledger and history say disagrees.
my $agrees = sub {
	my ($node, $database, $name) = @_;
	is($node->safe_psql($database, q{SELECT (SELECT count(*) - count(DISTINCT idempotency_key) FROM workflow.message),
		(SELECT count(*) - count(DISTINCT contact_key) FROM workflow.enrollment),
		(SELECT count(*) FROM workflow.state s FULL JOIN workflow.enrollment e ON e.id = s.enrollment WHERE s.enrollment IS NULL OR e.id IS NULL),
		(SELECT count(*) FROM contacts c FULL JOIN workflow.enrollment e ON e.contact_key = c.id::text WHERE c.id IS NULL OR e.id IS NULL)}), '0|0|0|0', $name);
	return;
};

$insert->($origin, 'crm', $_) for qw(Ada Bob);
ok($said->($origin, 'crm', 'Bob'), 'two contacts are enrolled and wait');
is($origin->safe_psql('crm', q{SELECT body FROM workflow.claim('sms', 1, '1 day')}), 'Hello Ada', 'a sender holds a message');

# A standby, from here on.
$origin->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($origin, 'base', has_streaming => 1);
$standby->start;

# The dump finds events that no round has read.
$origin->append_conf('postgresql.conf', "pg_workflow.databases = ''");
$origin->reload;
workers($origin, 'crm', 0);
$insert->($origin, 'crm', $_) for qw(Cy Dee);
is($origin->safe_psql('crm', 'SELECT workflow.unread_events()'), 2, 'events are unread');
my $dump = $PostgreSQL::Test::Utils::tmp_check . '/crm.sql';
$origin->command_ok([ 'pg_dump', '-f', $dump, '-d', $origin->connstr('crm') ], 'pg_dump');

# Restored into another cluster, whose worker is there before the rows are.
my $copy = node('copy', "pg_workflow.nap = '10ms'");
$copy->safe_psql('postgres', 'CREATE DATABASE crm');
$copy->command_ok([ 'psql', '-qX', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $copy->connstr('crm') ], 'restored into another cluster');
worker($copy, 'crm');
my $now = $copy->safe_psql('crm', q{INSERT INTO contacts (name, phone) VALUES ('Eve', '1') RETURNING clock_timestamp()});
ok($copy->poll_query_until('crm', "SELECT state = 'idle' AND state_change > '$now' FROM pg_stat_activity WHERE backend_type = 'pg_workflow worker'"), 'the worker of the copy has looked');
is($count->($copy, 'crm'), '2|0', 'and has done nothing');
is($copy->safe_psql('crm', 'SELECT busy FROM workflow.tick()'), 't', 'nor does tick()');
is($copy->safe_psql('crm', q{SET pg_workflow.virtual_clock = on; SELECT busy FROM workflow.tick('2100-01-01')}), 't', 'at any time');
is($copy->safe_psql('crm', q{SELECT count(*) FROM workflow.claim('sms')}), 0, 'and nothing is claimed');
like($copy->safe_psql('crm', q{SELECT detail || ' ' || repair FROM workflow.doctor() WHERE name = 'installation' AND state = 'error'}), qr/copy.*adopt/, 'doctor() says why');
my ($status, $out, $error) = $copy->psql('crm', 'SELECT workflow.resume_all()');
like($error, qr/copy.*adopt/s, 'resume_all() does not make it an original');
is($copy->safe_psql('crm', 'SELECT workflow.adopt()'), '{"events": 3, "leases": 1}', 'adopt() takes over what is unread, and the lease');
ok($said->($copy, 'crm', $_), "$_ is greeted") for qw(Cy Dee Eve);
is($count->($copy, 'crm'), '5|0', 'nobody else');
is($copy->safe_psql('crm', q{SELECT string_agg(body, ', ' ORDER BY id) FROM workflow.claim('sms')}), 'Hello Ada, Hello Bob, Hello Cy, Hello Dee, Hello Eve', 'all can be claimed');
is($copy->safe_psql('crm', q{SET pg_workflow.virtual_clock = on; SELECT busy, messages, errors FROM workflow.tick(now() + '3 days')}), 'f|5|0', 'who waited goes on');
$agrees->($copy, 'crm', 'nobody is there twice');
$copy->safe_psql('crm', q{SELECT workflow.reconcile('contacts', '2000-01-01')});
$insert->($copy, 'crm', 'Fay');
ok($said->($copy, 'crm', 'Fay'), 'the copy lives');
is($count->($copy, 'crm'), '6|5', 'and knows who has been there (semantics 3)');
is($copy->safe_psql('crm', q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');

# A copy inside the same cluster.
$copy->safe_psql('postgres', 'CREATE DATABASE twin TEMPLATE crm');
worker($copy, 'twin');
$insert->($copy, 'twin', 'Gus');
is($copy->safe_psql('twin', q{SELECT busy FROM workflow.tick()}), 't', 'a database made from this one as its template is halted too');
is($copy->safe_psql('twin', 'SELECT workflow.adopt()'), '{"events": 1, "leases": 5}', 'until adopt()');
ok($said->($copy, 'twin', 'Gus'), 'then it goes on');
$agrees->($copy, 'twin', 'nobody is there twice');
$copy->stop;

# The standby: halted while it is one, promoted it goes on.
$origin->wait_for_catchup($standby);
is($standby->safe_psql('crm', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'pg_workflow%'}), 0, 'a standby has no worker');
($status, $out, $error) = $standby->psql('crm', '\set VERBOSITY verbose
SELECT workflow.tick()');
like($error, qr/25006/, 'tick() is refused');
($status, $out, $error) = $standby->psql('crm', q{\set VERBOSITY verbose
SELECT workflow.claim('sms')});
like($error, qr/25006/, 'claim() is refused');
is($standby->safe_psql('crm', q{SELECT state FROM workflow.doctor() WHERE name = 'worker'}), 'ok', 'doctor() knows that it is a standby');
$origin->stop('immediate');
$standby->promote;
ok($said->($standby, 'crm', $_), "promoted, it greets $_") for qw(Cy Dee);
$insert->($standby, 'crm', 'Hal');
ok($said->($standby, 'crm', 'Hal'), 'and who comes from then on');
is($standby->safe_psql('crm', q{SELECT string_agg(body, ', ' ORDER BY id) FROM workflow.claim('sms')}), 'Hello Bob, Hello Cy, Hello Dee, Hello Hal', 'the lease of the sender is respected');
is($standby->safe_psql('crm', q{SET pg_workflow.virtual_clock = on; SELECT busy, messages, errors FROM workflow.tick(now() + '3 days')}), 'f|5|0', 'who waited goes on');
$agrees->($standby, 'crm', 'nobody is there twice');
is($standby->safe_psql('crm', q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');
$standby->stop;
done_testing();

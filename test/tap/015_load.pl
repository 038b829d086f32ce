# A dump taken and a standby promoted while contacts come, wait and are written to: nothing is lost and nothing comes twice, and every cursor is
# rebuilt from tables (R3, semantics 33, storage rules "pg_dump").
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $steps = '{"id": "hello", "type": "send", "channel": "sms", "body": "Hello {{ contact.name }}"}, {"id": "pause", "type": "wait", "for": "1 second"},
	{"id": "again", "type": "send", "channel": "sms", "body": "Still there, {{ contact.name }}?"}, {"id": "long", "type": "wait", "for": "2 days"},
	{"id": "late", "type": "send", "channel": "sms", "body": "Goodbye, {{ contact.name }}"}';
my $origin = node('busy', "pg_workflow.nap = '100ms'", 'pg_workflow.batch_size = 50');
crm($origin, 'crm', steps => $steps);
$origin->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('follower');
$standby->init_from_backup($origin, 'base', has_streaming => 1);
$standby->start;

# Somebody who writes contacts, and somebody who sends, until the server goes away.
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
append_to_file("$tmp/write.sql", join '', map { "INSERT INTO contacts (name, phone) SELECT 'c' || i, '1' FROM generate_series(1, $_ % 5 + 1) i;\nSELECT pg_sleep(0.005);\n" } 1 .. 20000);
append_to_file("$tmp/send.sql", "SELECT count(workflow.ack(c.token, ARRAY[c.id])) FROM workflow.claim('sms', 7) c;\nSELECT pg_sleep(0.01);\n" x 20000);
append_to_file("$tmp/maintain.sql", "SELECT workflow.maintain();\nSELECT pg_sleep(0.2);\n" x 2000);
my @running = map { my ($in, $out, $error) = ('', '', ''); IPC::Run::start([ 'psql', '-qX', '-d', $origin->connstr('crm'), '-f', "$tmp/$_.sql" ], '<', \$in, '>', \$out, '2>', \$error) } qw(write write send maintain);
my $busy = sub { my ($more) = @_; return $origin->poll_query_until('crm', "SELECT count(*) > $more FROM workflow.message WHERE step = 'again'") };
ok($busy->(50), 'contacts come, wait and go on');

# What is in a database, once all that is due has been done: each contact has entered once, and has had each message once.
my $settle = sub {
	my ($node, $name) = @_;
	$node->poll_query_until('crm', q{SELECT NOT EXISTS (SELECT FROM contacts c LEFT JOIN workflow.enrollment e ON e.contact_key = c.id::text LEFT JOIN workflow.state s ON s.enrollment = e.id
		WHERE s.step IS DISTINCT FROM 'long')}) or die 'not everybody comes to the long wait';
	is($node->safe_psql('crm', q{SELECT (SELECT count(*) FROM contacts) - (SELECT count(*) FROM workflow.enrollment), (SELECT 2 * count(*) FROM contacts) - (SELECT count(*) FROM workflow.message),
		(SELECT count(*) - count(DISTINCT idempotency_key) FROM workflow.message),
		(SELECT count(*) FROM workflow.outbox WHERE state NOT IN ('ready', 'leased', 'sent')), (SELECT count(*) FROM workflow.error)}), '0|0|0|0|0', "$name: everybody once, each message once");
	is($node->safe_psql('crm', q{SELECT count(*) FROM contacts c LEFT JOIN (SELECT contact_key, string_agg(what, ' ' ORDER BY id) AS told FROM workflow.history GROUP BY 1) h
		ON h.contact_key = c.id::text WHERE h.told IS DISTINCT FROM 'entered sent waiting sent waiting'}), 0, "$name: and each history tells it");
	return;
};
my $late = sub {
	my ($node, $name) = @_;
	is($node->safe_psql('crm', q{SET pg_workflow.virtual_clock = on; SET pg_workflow.batch_size = 100000; SELECT errors, messages - (SELECT count(*) FROM contacts) FROM workflow.tick(now() + '3 days')}),
		'0|0', "$name: who waited goes on");
	return;
};

# Three dumps, the last one is restored.
for my $n (1 .. 3)
{
	$busy->(50 + 100 * $n) or die 'nothing goes on';
	$origin->command_ok([ 'pg_dump', '-Fc', '-f', "$tmp/$n.dump", '-d', $origin->connstr('crm') ], "dump $n under load");
}
my $copy = node('restored', "pg_workflow.nap = '100ms'");
$copy->safe_psql('postgres', 'CREATE DATABASE crm');
$copy->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr('crm'), "$tmp/3.dump" ], 'restored');
is($copy->safe_psql('crm', 'SELECT busy FROM workflow.tick()'), 't', 'a copy rests');
$copy->safe_psql('crm', 'SELECT workflow.adopt()');
$settle->($copy, 'the copy');
$late->($copy, 'the copy');
$copy->stop;

# The standby takes over in the middle of it.
$busy->(600) or die 'nothing goes on';
$origin->stop('immediate');
$_->finish for @running;
$standby->promote;
worker($standby, 'crm');
cmp_ok($standby->safe_psql('crm', 'SELECT count(*) FROM contacts'), '>', 300, 'the standby has what was replicated');
$settle->($standby, 'the standby');
$late->($standby, 'the standby');
is($standby->safe_psql('crm', q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');
$standby->stop;
done_testing();

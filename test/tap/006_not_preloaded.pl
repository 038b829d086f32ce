# Where the library is not preloaded, whoever calls workflow.tick() does the work: by hand, or a job of pg_cron (B09).
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $with_cron = -e '/usr/share/postgresql/15/extension/pg_cron.control';
my $node = PostgreSQL::Test::Cluster->new('not_preloaded');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n" .
	($with_cron ? "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'crm'\ncron.use_background_workers = on\ncron.log_run = on\n" : ''));
$node->start;
my $sql = sub { return $node->safe_psql('crm', $_[0]) };
crm($node, 'crm');
is($sql->(q{SELECT string_agg(name || ' ' || state, ', ' ORDER BY name) FROM workflow.doctor() WHERE name IN ('library', 'worker')}), 'library warning, worker warning',
	'doctor() says that nobody works by itself');
like($sql->(q{SELECT repair FROM workflow.doctor() WHERE name = 'library'}), qr/workflow\.tick\(\)/, 'and what to do');

if ($with_cron)
{
	$sql->('CREATE EXTENSION pg_cron');
	$sql->(q{SELECT cron.schedule('workflow', '* * * * *', 'SELECT workflow.tick()')});
}
$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Ada', '1')});
is($sql->('SELECT busy, messages, errors FROM workflow.tick()') =~ /^f\|[01]\|0$/ ? $sql->('SELECT body FROM workflow.outbox') : '', 'Hello Ada',
	'tick() by hand makes a message of a row');
is($node->safe_psql('crm', q{BEGIN; INSERT INTO contacts (name, phone) VALUES ('Bob', '2'); SELECT messages FROM workflow.tick(); SELECT body FROM workflow.outbox WHERE contact_key = '2'; ROLLBACK}),
	"1\nHello Bob", 'and sees what its own transaction wrote');
is($sql->(q{SELECT count(*) FROM workflow.outbox WHERE body = 'Hello Bob'}), 0, 'which leaves nothing behind when it is rolled back');

SKIP:
{
	skip('pg_cron is not installed', 2) unless $with_cron;
	# The version of pg_cron that Debian has knows minutes only.
	local $PostgreSQL::Test::Utils::timeout_default = 130;
	$sql->(q{INSERT INTO contacts (name, phone) VALUES ('Cy', '3')});
	ok($node->poll_query_until('crm', q{SELECT count(*) = 1 FROM workflow.outbox WHERE body = 'Hello Cy'}), 'a job of pg_cron makes a message of a row');
	ok($node->poll_query_until('crm', q{SELECT count(*) >= 1 FROM cron.job_run_details WHERE status = 'succeeded'}), 'and pg_cron says that it succeeded');
}
$node->stop;
done_testing();

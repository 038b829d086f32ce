# What rounds write to the WAL (P10, operating "Settings").
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('wal', "pg_workflow.virtual_clock = on\nwal_compression = off\nautovacuum = off\nfull_page_writes = on");
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };

crm($node, 'postgres', steps => '{"type": "wait", "for": "1 day"}, {"type": "send", "channel": "sms", "body": "Hello"}');
$sql->("INSERT INTO contacts (name) SELECT 'Ada' FROM generate_series(1, 500)");
$sql->("SELECT * FROM workflow.tick('2026-01-01')");

# The page images in the WAL of a round that comes after a checkpoint: of how many pages, and how many of them are compressed.
my $images = sub {
	my ($settings, $time) = @_;
	$sql->('CHECKPOINT');
	my $from = $sql->('SELECT pg_current_wal_insert_lsn()');
	$sql->("$settings; SELECT * FROM workflow.tick('$time', 100)");
	my $to = $sql->('SELECT pg_current_wal_insert_lsn() FROM pg_switch_wal()');
	my ($out, $err) = run_command(['pg_waldump', '-b', '-p', $node->data_dir . '/pg_wal', '-s', $from, '-e', $to]);
	return (scalar(() = $out =~ /\(FPW\)/g), scalar(() = $out =~ /method: lz4/g));
};
my ($all, $compressed) = $images->("SET pg_workflow.compress_wal = off", '2026-01-03');
cmp_ok($all, '>', 3, 'a round after a checkpoint writes images of pages');
is($compressed, 0, 'as the server says, where it is told to');

SKIP: {
	skip 'the server is built without lz4', 3 if system("pg_config --configure | grep -q with-lz4") != 0;
	($all, $compressed) = $images->('SELECT', '2026-01-03');
	cmp_ok($all, '>', 3, 'the next one too');
	cmp_ok($compressed, '>', $all / 2, 'P10: they are compressed, though the server leaves images as they are');
	is($sql->("SELECT * FROM workflow.tick('2026-01-03', 1); SHOW wal_compression") =~ s/.*\n//sr, 'off', 'which is a matter of the round alone');
}
$node->stop('fast');
done_testing();

# Attaching and taking leave, seen from outside: the dump of the schema, and who holds a lock.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Workflow;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = node('attach');
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', <<'SQL');
CREATE EXTENSION pg_workflow;
CREATE TABLE contacts (id bigint PRIMARY KEY, email text, "zip code" text);
CREATE TABLE "order" (id integer PRIMARY KEY, customer_id bigint, status text, CHECK (status <> ''));
CREATE TABLE payments (id integer, at date, customer_id bigint, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE payments_may PARTITION OF payments FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
CREATE TABLE labels (contact bigint, label text, PRIMARY KEY (contact, label)) PARTITION BY HASH (contact);
CREATE TABLE labels_0 PARTITION OF labels FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER own BEFORE UPDATE ON "order" FOR EACH ROW EXECUTE FUNCTION touch();
SQL

# Newer minor releases put a random key into each dump.
sub dump_of { return (run_command([ 'pg_dump', '-n', 'public', '-d', $node->connstr('crm') ]))[0] =~ s/^\\(un)?restrict .*//gmr; }
sub attach_all
{
	attach($node, 'crm', 'contacts', '{"entity": "contact", "tags": {"through": "labels", "owner": "contact", "tag": "label"}}');
	attach($node, 'crm', '"order"', '{"entity": "order", "contact": "customer_id", "replicated": true}');
	attach($node, 'crm', 'payments', '{"entity": "payment", "contact": "customer_id"}');
}

my $before = dump_of();
attach_all();
isnt(dump_of(), $before, 'a dump shows the triggers of an attached table');
$node->safe_psql('crm', "SELECT workflow.detach(x) FROM unnest('{contacts,order,payments}'::regclass[]) x");
is(dump_of(), $before, 'attach: detach leaves the schema byte-identical in pg_dump');

# A host keeps what it had without us, also where it altered the table meanwhile.
attach_all();
$node->safe_psql('crm', 'ALTER TABLE "order" ADD note text; ALTER TABLE "order" DROP COLUMN note; SELECT workflow.uninstall()');
is(dump_of(), $before, 'attach: uninstall leaves the schema byte-identical in pg_dump');

# 55P03 and who holds the lock; the statement's own lock_timeout is obeyed.
$node->safe_psql('crm', 'BEGIN; LOCK TABLE payments_may IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION \'holder\'');
my ($code, $out, $err) = $node->psql('crm',
	'\set VERBOSITY verbose' . "\nSET lock_timeout = '50ms'; SELECT * FROM workflow.attach('payments', '{\"entity\": \"payment\", \"contact\": \"customer_id\"}')");
like($err, qr/ERROR:  55P03: could not lock "public.payments" within 50 ms/, 'attach waits no longer than lock_timeout, for a partition too');
like($err, qr/DETAIL:  The lock is held by prepared transaction 'holder'/, 'attach says that a prepared transaction holds the lock');
is($node->safe_psql('crm', 'SELECT count(*) FROM workflow.source'), '0', 'attach stores nothing where it gets no lock');
$node->safe_psql('crm', "ROLLBACK PREPARED 'holder'");

attach($node, 'crm', 'contacts', '{"entity": "contact"}');
my $session = session($node, 'crm');
$session->query_safe('BEGIN');
$session->query_safe('SELECT * FROM contacts');
($code, $out, $err) = $node->psql('crm', "SELECT workflow.detach('contacts')");
like($err, qr/could not lock "public.contacts" within 1000 ms/, 'detach waits a second where lock_timeout is not set');
like($err, qr/The lock is held by process \d+ \(\w+\): SELECT \* FROM contacts\./, 'detach says who holds the lock, and by which query');
is($node->safe_psql('crm', 'SELECT count(*) FROM workflow.source'), '1', 'detach leaves the table attached where it gets no lock');
$session->query_safe('COMMIT');
$session->quit;
$node->safe_psql('crm', "SELECT workflow.detach('contacts')");
is(dump_of(), $before, 'detached when the lock is free');

# What one session publishes or attaches, the others know from their next change on; also where a replica or a restore writes our tables.
$node->safe_psql('crm', 'ALTER DATABASE crm SET pg_workflow.virtual_clock = on');
attach($node, 'crm', 'contacts', '{"entity": "contact"}');
$session = session($node, 'crm');
my $number = 0;
sub captured
{
	$number++;
	$session->query_safe("INSERT INTO contacts (id) VALUES ($number)");
	return $node->safe_psql('crm', "SELECT count(*) FROM (SELECT row_key FROM workflow.event_0
	  UNION ALL SELECT row_key FROM workflow.event_1 UNION ALL SELECT row_key FROM workflow.event_2) e WHERE row_key = '$number'");
}
is(captured(), '0', 'nobody listens');
publish($node, 'crm', 'welcome', '{"triggers": [{"on": "contact.created"}], "steps": [{"id": "a", "type": "send", "channel": "email", "subject": "x", "body": "y"}]}');
is(captured(), '1', 'architecture: a session that has loaded the definitions sees what another one publishes');
$node->safe_psql('crm', 'SET session_replication_role = replica; UPDATE workflow.version SET listened = false');
is(captured(), '0', 'architecture: and what replication writes');
$node->safe_psql('crm', 'UPDATE workflow.version SET listened = true');
is(captured(), '1', 'and back');
$session->query_safe('BEGIN; UPDATE workflow.version SET listened = false; INSERT INTO contacts (id) VALUES (100); ROLLBACK');
is(captured(), '1', 'architecture: what was rolled back is forgotten');
$session->query_safe('BEGIN; SAVEPOINT s; UPDATE workflow.version SET listened = false; INSERT INTO contacts (id) VALUES (101); ROLLBACK TO s; COMMIT');
is(captured(), '1', 'architecture: in a savepoint too');
$session->quit;

$node->stop;
done_testing();

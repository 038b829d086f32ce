# Rows that logical replication applies (attach 11): with "replicated" they are captured like any other, in the apply worker and while a table is copied; without it
# they are not; whatever is wrong with us, replication goes on.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('replication', "wal_level = logical", "pg_workflow.nap = '100ms'", 'max_worker_processes = 16', 'wal_retrieve_retry_interval = 200ms');
my $tables = 'CREATE TABLE contacts (id int PRIMARY KEY, name text, phone text, stage text);
	CREATE TABLE tags (contact_id int, tag text, PRIMARY KEY (contact_id, tag));
	CREATE TABLE plain (id int PRIMARY KEY, contact_id int)';
$node->safe_psql('postgres', 'CREATE DATABASE upstream');
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('upstream', "$tables; INSERT INTO contacts VALUES (1, 'Ada', '1', 'lead'); CREATE PUBLICATION crm FOR ALL TABLES");
$node->safe_psql('crm', "$tables; CREATE EXTENSION pg_workflow");
my $crm = sub { return $node->safe_psql('crm', $_[0]) };
my $up = sub { return $node->safe_psql('upstream', $_[0]) };
my $until = sub { my ($query, $name) = @_; return ok($node->poll_query_until('crm', $query), $name) };
attach($node, 'crm', 'contacts', '{"entity": "contact", "replicated": true, "tags": {"through": "tags", "owner": "contact_id", "tag": "tag"},
	"events": {"contact.won": {"when": {"field": "stage", "operator": "changedTo", "value": "won"}}}}');
attach($node, 'crm', 'plain', '{"entity": "order", "contact": ["contact_id"]}');
my $say = sub {
	my ($name, $on, $body) = @_;
	publish($node, 'crm', $name, qq({"triggers": [{"on": "$on"}], "settings": {"entry_key": "contact", "reentry": "every_event"},
		"steps": [{"id": "s", "type": "send", "channel": "sms", "to": "x", "body": "$body"}]}));
};
$say->('created', 'contact.created', 'Hello {{ contact.name }}');
$say->('won', 'contact.won', 'Won {{ contact.name }}');
$say->('tagged', 'contact.tag_added', '{{ event.tag }} {{ contact.name }}');
$say->('plain', 'order.created', 'Order');
publish($node, 'crm', 'stays', '{"triggers": [{"on": "contact.created"}], "steps": [{"type": "wait", "for": "9 days"}]}');
my $said = sub { return "SELECT string_agg(body, ', ' ORDER BY body) = '$_[0]' FROM workflow.outbox" };

# A subscription to a database of the same cluster cannot make its slot itself.
$up->(q{SELECT pg_create_logical_replication_slot('crm', 'pgoutput')});
my $from = $node->connstr('upstream') =~ s{'}{''}gr;
$crm->("CREATE SUBSCRIPTION crm CONNECTION '$from' PUBLICATION crm WITH (create_slot = false, slot_name = 'crm')");
$until->($said->('Hello Ada'), 'attach 11: a row that the first copy of the table brings');
$until->(q{SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate <> 'r'}, 'the copy is through');

$up->(q{BEGIN; INSERT INTO contacts VALUES (2, 'Bob', '2', 'new'); UPDATE contacts SET stage = 'lead' WHERE id = 2; INSERT INTO tags VALUES (2, 'vip'); INSERT INTO plain VALUES (1, 2); COMMIT});
$until->($said->('Hello Ada, Hello Bob, vip Bob'), 'rows that are applied are events, of the join table too');
is($crm->('SELECT count(*) FROM plain'), '1', 'a table that is not attached as replicated has the row');
is($crm->(q{SELECT count(*) FROM workflow.outbox WHERE workflow = 'plain'}), '0', 'and makes no event of it');
$up->(q{UPDATE contacts SET stage = 'won' WHERE id = 2});
$until->($said->('Hello Ada, Hello Bob, Won Bob, vip Bob'), 'a change that is applied');
is($crm->(q{SELECT count(*) FROM workflow.enrollments WHERE workflow = 'created'}), '2', 'and each event came once');
$up->(q{BEGIN; INSERT INTO contacts VALUES (3, 'Cy', '3', 'lead'); ROLLBACK; INSERT INTO contacts VALUES (4, 'Dee', '4', 'lead')});
$until->($said->('Hello Ada, Hello Bob, Hello Dee, Won Bob, vip Bob'), 'what was rolled back there did not happen here');
$up->('DELETE FROM contacts WHERE id = 4');
$until->(q{SELECT reason = 'record_deleted' FROM workflow.enrollments WHERE workflow = 'stays' AND contact_key = '4'}, 'a row that is deleted there ends its enrollments here');
is($crm->(q{SELECT string_agg(name || ': ' || detail, '; ') FROM workflow.doctor() WHERE state <> 'ok'}), '', 'doctor() has no complaint');

# A session that writes as a replica does, by hand.
$crm->(q{SET session_replication_role = replica; INSERT INTO contacts VALUES (5, 'Eve', '5', 'lead'); INSERT INTO plain VALUES (5, 5)});
$until->($said->('Hello Ada, Hello Bob, Hello Dee, Hello Eve, Won Bob, vip Bob'), 'session_replication_role = replica, replicated: captured');
is($crm->(q{SELECT count(*) FROM workflow.outbox WHERE workflow = 'plain'}), '0', 'the other is not');
$crm->('ALTER TABLE contacts ENABLE TRIGGER pg_workflow_capture');
is($crm->(q{SELECT detail || ' | ' || repair FROM workflow.doctor() WHERE name = 'source public.contacts'}),
	'trigger "pg_workflow_capture" is disabled | ALTER TABLE public.contacts ENABLE ALWAYS TRIGGER pg_workflow_capture; then workflow.reconcile()', 'a trigger that fires no more for what is applied is told of');
$crm->('ALTER TABLE contacts ENABLE ALWAYS TRIGGER pg_workflow_capture');

# Something of ours is wrong (semantics 6): replication goes on, and doctor says what was missed.
$crm->('ALTER TABLE workflow.version RENAME TO version_away; UPDATE workflow.workflow SET name = name');  # what is kept for capture is of yesterday too
$up->(q{INSERT INTO contacts VALUES (6, 'Fay', '6', 'lead')});
$until->('SELECT count(*) = 1 FROM contacts WHERE id = 6', 'semantics 6: with a table of ours missing what is applied is applied');
$crm->('ALTER TABLE workflow.version_away RENAME TO version');
is($crm->(q{SELECT count(*) FROM workflow.doctor() WHERE name LIKE 'capture of %contacts' AND state = 'error' AND repair LIKE '%reconcile%'}), '1', 'doctor() says that changes were missed');
$crm->(q{SELECT workflow.reconcile('contacts', now() - interval '1 hour')});
$until->(q{SELECT count(*) = 1 FROM workflow.outbox WHERE body = 'Hello Fay'}, 'and reconcile finds them');
$up->('TRUNCATE contacts, tags, plain');
$until->('SELECT count(*) = 0 FROM contacts', 'a TRUNCATE is applied');
$up->(q{INSERT INTO contacts VALUES (1, 'Ada 2', '1', 'lead')});
$until->(q{SELECT count(*) = 1 FROM workflow.outbox WHERE body = 'Hello Ada 2'}, 'attach 11: after it the same key is another row');
is($crm->(q{SELECT count(*) FROM pg_stat_subscription_stats WHERE apply_error_count + sync_error_count > 0}), '0', 'applying has met no error');

$crm->('ALTER SUBSCRIPTION crm DISABLE; ALTER SUBSCRIPTION crm SET (slot_name = NONE); DROP SUBSCRIPTION crm');
$node->stop;
done_testing();

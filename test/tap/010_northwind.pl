# Northwind attached as it is: dates without a clock time, countries in place of zones, text and smallint keys
# (attach 1, attach 2, attach 5, attach 6, E04, E10, E12, G1, semantics 13).
use strict;
use warnings;
use Test::More;
use Workflow;

my $dump = data_file('northwind.sql');
my $node = node('northwind');
load_data($node, 'northwind', $dump);
$node->safe_psql('northwind', 'ALTER DATABASE northwind SET pg_workflow.virtual_clock = on');

my %zones = (
	Argentina => 'America/Argentina/Buenos_Aires', Austria => 'Europe/Vienna', Belgium => 'Europe/Brussels', Brazil => 'America/Sao_Paulo',
	Canada => 'America/Toronto', Denmark => 'Europe/Copenhagen', Finland => 'Europe/Helsinki', France => 'Europe/Paris',
	Germany => 'Europe/Berlin', Ireland => 'Europe/Dublin', Italy => 'Europe/Rome', Mexico => 'America/Mexico_City', Norway => 'Europe/Oslo',
	Poland => 'Europe/Warsaw', Portugal => 'Europe/Lisbon', Spain => 'Europe/Madrid', Sweden => 'Europe/Stockholm',
	Switzerland => 'Europe/Zurich', UK => 'Europe/London', USA => 'America/New_York', Venezuela => 'America/Caracas');
my $map = join ', ', map { "\"$_\": \"$zones{$_}\"" } sort keys %zones;

attach($node, 'northwind', 'customers', "{\"entity\": \"contact\", \"zone\": {\"column\": \"country\", \"map\": {$map}}}");
attach($node, 'northwind', 'orders', '{"entity": "order", "contact": [{"column": "customer_id"}],
  "events": {"order.delivery": {"once": true, "when": {"field": "shipped_date", "operator": "becameNotNull"}, "at": "shipped_date"}}}');
publish($node, 'northwind', 'usage', '{"triggers": [{"on": "order.delivery"}], "settings": {"timezone": "contact"},
  "steps": [{"id": "week", "type": "wait", "for": "7 days", "at": "10:00"},
            {"id": "ask", "type": "send", "channel": "sms", "body": "Order {{ order.order_id }}: how is it, {{ contact.contact_name }}?"}]}');
publish($node, 'northwind', 'late', '{"triggers": [{"on": "order.delivery",
     "filter": {"field": "order.shipped_date", "operator": ">", "value": "order.required_date", "valueSource": "field"}}],
  "steps": [{"id": "sorry", "type": "send", "channel": "sms", "body": "Order {{ order.order_id }} was late"}]}');

# The orders come again, as their owner's application would have written them.
$node->safe_psql('northwind', 'CREATE TABLE kept AS SELECT * FROM orders; CREATE TABLE kept_details AS SELECT * FROM order_details;
  DELETE FROM order_details; DELETE FROM orders;');
ticks($node, 'northwind', '1996-07-01');
$node->safe_psql('northwind', 'INSERT INTO orders SELECT * FROM kept; INSERT INTO order_details SELECT * FROM kept_details');
is(ticks($node, 'northwind', '1996-07-01'), 37, 'orders that were shipped after their required date (attach 7, A10)');
is(ticks($node, 'northwind', '1999-01-01'), 809, 'a week after each shipment, at ten in the country of the customer (semantics 13, B03)');

my $zone = 'CASE c.country ' . join(' ', map { "WHEN '$_' THEN '$zones{$_}'" } sort keys %zones) . ' END';
is($node->safe_psql('northwind', "SELECT count(*) FROM (
    (SELECT o.order_id::text, ((o.shipped_date + 7) + time '10:00') AT TIME ZONE ($zone) FROM orders o JOIN customers c USING (customer_id) WHERE o.shipped_date IS NOT NULL
     EXCEPT SELECT e.entry_key, m.due_at FROM workflow.message m JOIN workflow.enrollment e ON e.id = m.enrollment WHERE m.workflow = 'usage')
    UNION ALL
    (SELECT e.entry_key, m.due_at FROM workflow.message m JOIN workflow.enrollment e ON e.id = m.enrollment WHERE m.workflow = 'usage'
     EXCEPT SELECT o.order_id::text, ((o.shipped_date + 7) + time '10:00') AT TIME ZONE ($zone) FROM orders o JOIN customers c USING (customer_id))) d"),
	0, 'every message is due at the instant that plain SQL computes');
is($node->safe_psql('northwind', "SELECT count(*) FROM workflow.message m JOIN workflow.enrollment e ON e.id = m.enrollment JOIN orders o ON o.order_id::text = e.entry_key
    JOIN customers c USING (customer_id) WHERE m.workflow = 'usage' AND m.body = format('Order %s: how is it, %s?', o.order_id, c.contact_name) AND m.recipient->>'address' = c.phone"),
	809, 'each names its order and its customer, and goes to the phone of the customer (D18, E15)');
is($node->safe_psql('northwind', 'SELECT count(DISTINCT idempotency_key) FROM workflow.message'), 846, 'every message has a key of its own (semantics 24)');
is($node->safe_psql('northwind', 'UPDATE orders SET shipped_date = shipped_date; SELECT count(*) FROM orders'), 830, 'an update that changes nothing');
is(ticks($node, 'northwind', '1999-02-01'), 0, 'adds no event (attach 5)');

# Detaching leaves the schema as it was (attach 1). A dump's \restrict has a key made for that dump alone.
sub plain { my ($dump) = @_; $dump =~ s/^\\(un)?restrict .*\n//mg; return $dump; }
my $dump_of = sub { my ($out) = PostgreSQL::Test::Utils::run_command(['pg_dump', '-s', '-N', 'workflow', '--no-comments', '-d', $node->connstr('northwind')]); return plain($out); };
my $attached = $dump_of->();
like($attached, qr/pg_workflow_capture/, 'while attached, the dump has the trigger');
$node->safe_psql('northwind', q{SELECT workflow.detach('orders'); SELECT workflow.detach('customers')});
my $detached = $dump_of->();
load_data($node, 'fresh', $dump);
$node->safe_psql('fresh', 'CREATE TABLE kept AS SELECT * FROM orders; CREATE TABLE kept_details AS SELECT * FROM order_details');
my ($fresh) = PostgreSQL::Test::Utils::run_command(['pg_dump', '-s', '-N', 'workflow', '--no-comments', '-d', $node->connstr('fresh')]);
is($detached, plain($fresh), 'detached, it is the dump of a database that never was attached');
$node->safe_psql('northwind', 'SELECT workflow.uninstall(); DROP EXTENSION pg_workflow');
is($node->safe_psql('northwind', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'workflow'}), 0, 'uninstalled, nothing of ours is left');
$node->stop;
done_testing();

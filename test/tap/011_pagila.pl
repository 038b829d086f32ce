# Pagila attached as it is: partitions, deadlines two joins away, views, the host's own triggers
# (attach 2, attach 3, attach 5, attach 6, attach 7, attach 11, C26, D20, D21).
use strict;
use warnings;
use Test::More;
use Workflow;

my $dump = data_file('pagila.sql.gz');
my $node = node('pagila');
load_data($node, 'pagila', $dump);
my $sql = sub { return $node->safe_psql('pagila', $_[0]) };
$sql->('ALTER DATABASE pagila SET pg_workflow.virtual_clock = on');

# A view serves as a look-up and is refused as a source of events (attach 11).
my ($status, $out, $error) = $node->psql('pagila', q{SELECT * FROM workflow.attach('customer_list', '{"entity": "contact", "key": ["id"]}')});
isnt($status, 0, 'a view is refused as a source of events');
like($error, qr/view.*look-up/s, 'with a clear error');
like($error, qr/"lookup": true/, 'that says what to do');
attach($node, 'pagila', 'customer_list', '{"entity": "contact", "key": ["id"], "lookup": true}');
attach($node, 'pagila', 'payment', '{"entity": "payment", "contact": [{"column": "customer_id"}]}');
publish($node, 'pagila', 'thanks', '{"triggers": [{"on": "payment.created"}],
  "steps": [{"id": "thanks", "type": "send", "channel": "letter", "body": "Thank you for {{ payment.amount }}, {{ contact.name }}"}]}');
$sql->('CREATE TABLE kept AS SELECT * FROM payment; DELETE FROM payment;');
ticks($node, 'pagila', '2022-01-01');
# Half through the parent, half straight into the leaves.
$sql->(q{INSERT INTO payment SELECT * FROM kept WHERE payment_id % 2 = 0});
for my $month (1 .. 7)
{
	my ($from, $to) = ($month, $month + 1);
	$sql->("INSERT INTO payment_p2022_0$month SELECT * FROM kept WHERE payment_id % 2 = 1 AND payment_date >= '2022-0$from-01 00:00+00' AND payment_date < '2022-0$to-01 00:00+00'");
}
is($sql->('SELECT count(*) FROM payment'), 16049, 'all payments are back');
is(ticks($node, 'pagila', '2022-01-01 01:00'), 16049, 'a thank-you for each payment, through the parent or straight into a leaf (attach 11)');
is($sql->(q{SELECT count(DISTINCT contact_key) FROM workflow.message}), 599, 'the view served as look-up for 599 customers (attach 11)');
is($sql->(q{SELECT count(*) FROM workflow.message m JOIN workflow.enrollment e ON e.id = m.enrollment JOIN customer c ON c.customer_id::text = m.contact_key
	WHERE m.body LIKE 'Thank you for %, ' || c.first_name || ' ' || c.last_name}), 16049, 'each names the customer of the view');
$sql->(q{UPDATE payment SET payment_date = payment_date + interval '1 month' WHERE payment_date >= '2022-03-01' AND payment_date < '2022-04-01'});
is(ticks($node, 'pagila', '2022-01-01 02:00'), 0, 'a move to another partition adds none (attach 5)');
is($sql->(q{SELECT count(*) FROM workflow.enrollment}), 16049, 'and nobody enters by it');

# Deadlines two joins away, with the table of customers as contacts.
$sql->(q{SELECT workflow.archive('thanks'); SELECT workflow.maintain(); SELECT workflow.detach('customer_list')});
attach($node, 'pagila', 'customer', '{"entity": "contact", "live": {"field": "activebool", "operator": "=", "value": true}}');
my $film = 'SELECT row.rental_date + f.rental_duration * interval \'1 day\' %s FROM inventory i JOIN film f USING (film_id) WHERE i.inventory_id = row.inventory_id';
my ($due, $late) = (sprintf($film, ''), sprintf($film, "+ interval '24 hours'"));
attach($node, 'pagila', 'rental', "{\"entity\": \"rental\", \"contact\": [{\"column\": \"customer_id\"}],
  \"fields\": {\"due_at\": {\"sql\": \"$due\", \"type\": \"timestamptz\"}, \"late_at\": {\"sql\": \"$late\", \"type\": \"timestamptz\"}}}");
publish($node, 'pagila', 'overdue', '{"triggers": [{"on": "rental.created"}],
  "steps": [{"id": "deadline", "type": "wait", "until_date": {"field": "rental.due_at", "offset": "24 hours"}},
            {"id": "open", "type": "if", "if": {"combinator": "or", "rules": [{"field": "rental.return_date", "operator": "null"},
                {"field": "rental.return_date", "operator": ">", "value": "rental.late_at", "valueSource": "field"}]},
             "then": [{"id": "remind", "type": "send", "channel": "email", "subject": "Overdue", "body": "Hello {{ contact.first_name }}"}]}]}');
$sql->('CREATE TABLE kept_rental AS SELECT * FROM rental; SELECT workflow.detach(\'payment\'); TRUNCATE rental CASCADE');
ticks($node, 'pagila', '2022-01-02');
$sql->('INSERT INTO rental SELECT * FROM kept_rental');
is(ticks($node, 'pagila', '2022-01-02'), 0, 'rentals enroll and wait');
is($sql->(q{SELECT count(*) FROM workflow.state WHERE phase = 'waiting'}), 16044, 'all of them');
is(ticks($node, 'pagila', '2024-01-01'), 6584, 'reminders 24 hours after the deadline unless returned by then (attach 3, D21)');
is($sql->(q{SELECT count(*) FROM workflow.message m JOIN workflow.enrollment e ON e.id = m.enrollment JOIN rental r ON r.rental_id::text = e.entry_key
	JOIN inventory i USING (inventory_id) JOIN film f USING (film_id)
	WHERE m.workflow = 'overdue' AND m.due_at = r.rental_date + f.rental_duration * interval '1 day' + interval '24 hours'}), 6584,
	'each at the instant that plain SQL computes');
is($sql->(q{SELECT name, detail FROM workflow.doctor() WHERE state = 'error'}), '', 'doctor() has no complaint');
$node->stop;
done_testing();

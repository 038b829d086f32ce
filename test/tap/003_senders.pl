# Two senders with four connections each share 20,000 messages; some let their lease run out. Each message is acknowledged once, and is
# never in two hands (R2, semantics 25).
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Workflow;

my $node = node('senders', 'pg_workflow.batch_size = 5000');
my $sql = sub { return $node->safe_psql('postgres', $_[0]) };
crm($node, 'postgres');
$sql->(q{INSERT INTO contacts (name, phone) SELECT 'c' || i, i FROM generate_series(1, 20000) i});
ok($node->poll_query_until('postgres', 'SELECT count(*) = 20000 FROM workflow.message'), 'there are 20,000 messages');

# What each connection has seen, in tables of the senders' own.
$sql->(q{
CREATE TABLE held (id bigint, token uuid, attempt int, claimed_at timestamptz, lease_until timestamptz, sender text);
CREATE TABLE acked (id bigint, token uuid);
CREATE TABLE lost (id bigint, token uuid);
CREATE PROCEDURE send_all(sender text) LANGUAGE plpgsql AS $$
DECLARE
  careless boolean;
  mine bigint[];
  own uuid;
  until timestamptz;
  next_at timestamptz;
  one bigint;
BEGIN
  LOOP
    careless := random() < 0.15;
    WITH c AS (SELECT * FROM workflow.claim('sms', CASE WHEN careless THEN 20 ELSE 100 END, CASE WHEN careless THEN interval '20 ms' ELSE '5 minutes' END)),
         h AS (INSERT INTO held SELECT c.id, c.token, c.attempt, clock_timestamp(), c.lease_until, send_all.sender FROM c)
    SELECT array_agg(c.id), min(c.token::text)::uuid, min(c.lease_until) INTO mine, own, until FROM c;
    COMMIT;
    IF mine IS NULL THEN
      next_at := (SELECT min(coalesce(o.lease_until, o.claimable_at)) FROM workflow.outbox o WHERE o.state IN ('ready', 'leased'));
      EXIT WHEN next_at IS NULL;
      PERFORM pg_sleep_until(least(next_at, clock_timestamp() + interval '100 ms'));
      CONTINUE;
    END IF;
    IF careless THEN
      PERFORM pg_sleep_until(until + random() * interval '50 ms');
      CONTINUE WHEN random() < 0.5;  -- and never comes back to it
    END IF;
    FOREACH one IN ARRAY mine LOOP
      BEGIN
        PERFORM workflow.ack(own, ARRAY[one]);
        INSERT INTO acked VALUES (one, own);
      EXCEPTION WHEN SQLSTATE 'WF005' THEN
        INSERT INTO lost VALUES (one, own);
      END;
    END LOOP;
    COMMIT;
  END LOOP;
END $$});
my @senders = map {
	my $script = $PostgreSQL::Test::Utils::tmp_check . "/$_.sql";
	PostgreSQL::Test::Utils::append_to_file($script, "CALL send_all('$_')\n");
	my ($in, $out, $error) = ('', '', '');
	{ name => $_, run => IPC::Run::start(['pgbench', '-n', '-c', 4, '-t', 1, '-f', $script, $node->connstr('postgres')], '<', \$in, '&>', \$out), out => \$out };
} qw(first second);
for my $sender (@senders) { ok($sender->{run}->finish, "the $sender->{name} sender has come to the end") or diag ${ $sender->{out} } }

is($sql->(q{SELECT string_agg(state || ' ' || count, ', ') FROM (SELECT state, count(*) FROM workflow.outbox GROUP BY 1) o}), 'sent 20000', 'all are sent');
is($sql->('SELECT count(*), count(DISTINCT id) FROM acked'), '20000|20000', 'each by one effective acknowledgement');
cmp_ok($sql->('SELECT count(*) FROM held'), '>', 20000, 'though some were handed out more than once');
cmp_ok($sql->('SELECT count(*) FROM lost'), '>', 0, 'and some acknowledgements came too late');
is($sql->('SELECT count(*) FROM workflow.outbox o FULL JOIN (SELECT id, count(*) AS n FROM held GROUP BY 1) h USING (id) WHERE o.attempt IS DISTINCT FROM h.n'), 0,
	'every delivery reached exactly one connection');
is($sql->(q{SELECT count(*) FROM held h LEFT JOIN acked a USING (id, token) WHERE a.id IS NULL AND NOT EXISTS
	(SELECT FROM held n WHERE n.id = h.id AND n.attempt = h.attempt + 1 AND n.claimed_at >= h.lease_until)}), 0,
	'deliveries are acknowledgements and expiries: what was not acknowledged was handed out again');
is($sql->(q{SELECT count(*) FROM (SELECT claimed_at < lag(lease_until) OVER (PARTITION BY id ORDER BY attempt) AS early FROM held) h WHERE early}), 0,
	'and never before the lease before had ended');
is($sql->('SELECT count(*) FROM lost JOIN acked USING (id, token)'), 0, 'an acknowledgement that was refused had no effect');
is($sql->(q{SELECT count(DISTINCT sender) FROM held}), 2, 'both senders had their share');
$node->stop;
done_testing();

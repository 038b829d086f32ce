"""P9: senders claim and acknowledge, in batches of 1, 10 and 100, by 1, 2 and 4 senders; also under a held snapshot."""
import json
import statistics

from lib import product
from lib.rounds import interleave
from lib.server import Session, create_database, drop_database, pgbench

BODY = 'Dear {{ contact.name }}, you have {{ contact.score }} points. ' + 'See what they buy. ' * 10


def outbox(name, messages):
    """A database whose outbox holds so many messages that are ready, written by rounds."""
    session = product.open_database(name)
    session.file('contacts.sql')
    product.attach(session, 'contacts')
    product.publish(session, 'news', {'triggers': [{'on': 'contact.created'}], 'steps': [
        {'id': 'hello', 'type': 'send', 'channel': 'email', 'subject': 'Hello {{ contact.name }}', 'body': BODY}]})
    session.run('SET pg_workflow.batch_size = 5000')
    session.run(f"""INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', 'new', 'city', g % 10000 FROM generate_series(1, {messages}) g""")
    product.drain(session, 'now()')
    session.run('VACUUM ANALYZE')
    # Senders go by the real clock from here on: on a virtual one, which may be put back, a claim keeps nothing in mind.
    session.run(f'ALTER DATABASE {name} SET pg_workflow.virtual_clock = off')
    return session


def queue(name, ours):
    """The same messages in a queue by pgmq's method."""
    create_database(name)
    session = Session(name)
    session.file('pgmq_queue.sql')
    rows = ours.connection.cursor('messages', withhold=True)  # on the server: there may be many
    rows.execute("SELECT to_jsonb(o) - 'state' - 'claimable_at' FROM workflow.outbox o ORDER BY o.id")
    while batch := rows.fetchmany(5000):
        session.run('INSERT INTO queue (message) SELECT unnest(%s)::jsonb', ([json.dumps(row[0]) for row in batch],))
    rows.close()
    session.run('VACUUM ANALYZE')
    return session


OURS = """SELECT * FROM workflow.claim('email', {batch}) \\aset
SELECT workflow.ack(:token);
"""
# One call in place of two, for senders that never stop.
PGMQ = """WITH next AS (SELECT q.msg_id FROM queue q WHERE q.vt <= clock_timestamp() ORDER BY q.msg_id LIMIT {batch} FOR UPDATE SKIP LOCKED),
 got AS (UPDATE queue q SET vt = clock_timestamp() + interval '1 minute', read_ct = q.read_ct + 1 FROM next n WHERE q.msg_id = n.msg_id RETURNING q.*)
 SELECT g.*, array_agg(g.msg_id) OVER () AS ids FROM got g \\aset
DELETE FROM queue q WHERE q.msg_id = ANY (:ids::bigint[]);
"""


def run(bench):
    counts = bench.pick({1: 500, 10: 300, 100: 100}, {1: 40, 10: 20, 100: 8})  # transactions of a sender
    senders, rounds = bench.pick((1, 2, 4), (1, 4)), bench.pick(5, 5)
    used = sum(batch * count * several for batch, count in counts.items() for several in senders) * (rounds + 1)
    ours = outbox('p9_ours', used + 1000)
    theirs = queue('p9_pgmq', ours)
    variants = {}
    for batch, count in counts.items():
        for several in senders:
            for name, script in (('ours', OURS), ('pgmq', PGMQ)):
                variants[f'{name}_{batch}_{several}'] = lambda _, database=f'p9_{name}', script=script.format(batch=batch), batch=batch, count=count, several=several: (
                    pgbench(database, script, transactions=count, clients=several) * batch)
    found = interleave(variants, rounds)
    for batch, bar in ((1, 1), (10, 1.5), (100, 1.5)):
        for several in senders:
            bench.report.compare(f'P9.batch{batch}_senders{several}', found[f'ours_{batch}_{several}'], found[f'pgmq_{batch}_{several}'], '/s', '>=', bar)
    check = bench.report.check
    check('messages by state and attempts', ours.run('SELECT o.state, o.attempt, count(*) FROM workflow.outbox o GROUP BY 1, 2 ORDER BY 1, 2'),
          [('ready', 0, 1000), ('sent', 1, used)])
    check('sent are the oldest', ours.value("SELECT count(*) FROM (SELECT o.state FROM workflow.outbox o ORDER BY o.id LIMIT %s) x WHERE x.state <> 'sent'", (used,)), 0)
    check('left in the queue', theirs.run('SELECT count(*), max(read_ct) FROM queue')[0], (1000, 0))
    ours.close()
    theirs.close()
    drop_database('p9_ours')
    drop_database('p9_pgmq')
    held(bench)


def held(bench):
    """The same under a snapshot that is held from before the first claim; the last rounds count."""
    transactions, rounds = bench.pick(100, 20), bench.pick(20, 10)
    databases = {'free': outbox('p9_free', transactions * 100 * (rounds + 1)), 'held': outbox('p9_held', transactions * 100 * (rounds + 1))}
    holder = Session('p9_held')
    holder.run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    holder.run('SELECT count(*) FROM contacts')
    found = interleave({name: lambda _, name=name: pgbench(f'p9_{name}', OURS.format(batch=100), transactions=transactions) * 100 for name in databases}, rounds)
    last = max(5, rounds // 2)
    bench.report.compare('P9.held', found['held'][-last:], found['free'][-last:], '/s', '>=', 0.9, note=f'after={transactions * 100 * (rounds - last)}_messages')
    bench.report.note(f'held: {statistics.median(found["held"][:3]):.0f}/s at first, {statistics.median(found["held"][-3:]):.0f}/s at last')
    holder.close()
    for name, session in databases.items():
        bench.report.check(f'{name}: messages', session.run('SELECT o.state, o.attempt, count(*) FROM workflow.outbox o GROUP BY 1, 2'),
                           [('sent', 1, transactions * 100 * (rounds + 1))])
        session.close()
        drop_database(f'p9_{name}')

"""P3: single-row INSERT and UPDATE by pgbench with 20 workflows, transaction by transaction beside a plain table;
the first row of a connection."""
import statistics
import time

from cases.p2_match import one_of
from lib import product
from lib.rounds import column, interleave
from lib.server import Session, checkpoint, drop_database, pgbench_mixed

ROWS = 10000  # that are updated: the first half matches nothing, the second half one workflow each


def insert(table, status):
    return f"""\\set score random(1, 10000)
INSERT INTO {table} (org, name, email, status, city, score) VALUES ('org', 'Name', 'c@example.test', '{status}', 'city', :score);
"""


def update(table, first):
    return f"""\\set id random({first + 1}, {first + ROWS // 2})
UPDATE {table} SET score = score + 1 WHERE id = :id;
"""


def run(bench):
    rounds, count = bench.pick(120, 7), bench.pick(3000, 900)
    session = product.open_database('p3')
    session.file('contacts.sql')
    session.run('CREATE SEQUENCE ids START 1000000; ALTER TABLE contacts ALTER id SET DEFAULT nextval(\'ids\'); CREATE TABLE plain (LIKE contacts INCLUDING ALL)')
    for table in ('plain', 'contacts'):
        session.run(f"""INSERT INTO {table} SELECT g, 'org', 'Name', 'c@example.test', CASE WHEN g <= {ROWS // 2} THEN 'none' ELSE 's' || g % 20 END, 'city', 0
                          FROM generate_series(1, {ROWS}) g""")
    product.attach(session, 'contacts')
    for number in range(20):
        product.publish(session, f'w{number}', one_of(number))
    session.run('VACUUM ANALYZE')
    clock = [0]

    def drain(_=None):
        # What the round before left is worked off, so that every round finds an empty log.
        clock[0] += 1
        done = product.drain(session, f"{product.BASE} + interval '{clock[0]} hours'")
        session.run('SELECT workflow.maintain()')
        return done[0]

    matched = []
    scripts = {
        'insert': {'plain': insert('plain', 'none'), 'none': insert('contacts', 'none'), 'match': insert('contacts', 's3')},
        'update': {'plain': update('plain', 0), 'none': update('contacts', 0), 'match': update('contacts', ROWS // 2)},
    }
    rows = {'plain': 0, 'contacts': 0}

    def mixed(operation):
        """The three of them in one connection, a transaction of one after that of another: name -> transactions per second."""
        found = pgbench_mixed('p3', scripts[operation], transactions=count)
        unread = session.value('SELECT workflow.unread_events()')
        matched.append(unread)
        bench.report.check('events of a round', unread, found['match'][1])
        if operation == 'insert':
            rows['plain'] += found['plain'][1]
            rows['contacts'] += found['none'][1] + found['match'][1]
        drain()
        return {name: rate for name, (rate, _) in found.items()}

    found = interleave({operation: lambda _, operation=operation: mixed(operation) for operation in scripts}, rounds, before=lambda: None, before_round=checkpoint)
    for operation in scripts:
        for kind, bar in (('none', 0.97), ('match', 0.90)):
            bench.report.compare(f'P3.{operation}_{kind}', column(found[operation], kind), column(found[operation], 'plain'), '/s', '>=', bar, judged='low', note='judged=low')
    first_row(bench, bench.pick(60, 20))
    drain()
    for table, inserted in rows.items():
        bench.report.check(f'rows inserted into {table}', session.value(f'SELECT count(*) FROM {table} WHERE id > %s', (ROWS,)), inserted + bench.pick(60, 20))
    bench.report.check('enrollments', session.value("SELECT count(*) FROM workflow.enrollments e WHERE e.state = 'ended'"), sum(matched))
    session.close()
    drop_database('p3')


def first_row(bench, connections):
    """How much longer the first INSERT of a new connection takes where the table is attached: catalogs and programs are read for it."""
    def first(table):
        with Session('p3') as fresh:
            begin = time.perf_counter()
            fresh.run(f"INSERT INTO {table} (org, name, email, status, city, score) VALUES ('org', 'Name', 'c@example.test', 'none', 'city', 1)")
            return (time.perf_counter() - begin) * 1000

    found = interleave({'plain': lambda _: first('plain'), 'ours': lambda _: first('contacts')}, connections - 1, before=lambda: None)
    more = statistics.median(ours - plain for ours, plain in zip(found['ours'], found['plain']))
    bench.report.limit('P3.first_row', [more], 'ms', 1, f'without={statistics.median(found["plain"]):.3g}ms with={statistics.median(found["ours"]):.3g}ms')

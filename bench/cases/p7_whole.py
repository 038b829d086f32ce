"""P7: whole two-step workflows (event, enroll, message, finish) against job queues and hand-written consumers."""
import statistics
import time

from lib import product
from lib.peers import Peer
from lib.rounds import interleave
from lib.server import Session, create_database, drop_database

CHUNK = 1000  # contacts that come in one transaction


def insert(session, first, count):
    for begin in range(first, first + count, CHUNK):
        session.run(f"""INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', 'new', 'city ' || g % 100, g % 10000
                          FROM generate_series({begin + 1}, {min(begin + CHUNK, first + count)}) g""")


class Ours:
    def __init__(self, _):
        self.session, self.clock = product.open_database('p7_ours'), 0
        self.session.file('contacts.sql')
        product.attach(self.session, 'contacts')
        product.publish(self.session, 'greet', {'triggers': [{'on': 'contact.created'}], 'steps': [
            {'id': 'hello', 'type': 'send', 'channel': 'email', 'subject': 'Hello {{ contact.name }}', 'body': 'You have {{ contact.score }} points.'},
            {'id': 'end', 'type': 'stop', 'reason': 'greeted'}]})
        # The host's commits wait for the disk everywhere; what works off events need not, here and in the SQL below.
        self.host = Session('p7_ours')

    def go(self, first, count):
        self.clock += 1
        insert(self.host, first, count)
        product.drain(self.session, f"{product.BASE} + interval '{self.clock} hours'")

    def check(self, report, count):
        report.check('ours: messages', self.session.value(
            "SELECT count(DISTINCT c.id) FROM workflow.outbox o JOIN contacts c ON c.id::text = o.contact_key AND o.recipient->>'address' = c.email"
            " AND o.subject = 'Hello ' || c.name AND o.body = 'You have ' || c.score || ' points.' WHERE o.state = 'ready'"), count)
        report.check('ours: all messages', self.session.value('SELECT count(*) FROM workflow.outbox'), count)
        report.check('ours: enrollments that have ended', self.session.value(
            "SELECT count(DISTINCT e.contact_key) FROM workflow.enrollments e WHERE e.state = 'ended' AND e.reason = 'stopped'"), count)
        report.check('ours: history', self.session.run(
            "SELECT count(*) FILTER (WHERE h.what = 'entered'), count(*) FILTER (WHERE h.what = 'sent') FROM workflow.history h")[0], (count, count))

    def close(self):
        self.session.close()
        self.host.close()


class Other:
    """A database of a peer, with the tables that its workflows write."""

    def __init__(self, name, keeps_state=True):
        self.name, self.keeps_state = name, keeps_state
        create_database(f'p7_{name}')
        self.session, self.host = Session(f'p7_{name}', synchronous_commit='off'), Session(f'p7_{name}')
        self.session.file('contacts.sql')
        self.session.file('peer_tables.sql')

    def check(self, report, count):
        report.check(f'{self.name}: messages', self.session.run('SELECT count(*), count(DISTINCT contact) FROM peer.message')[0], (count, count))
        if self.keeps_state:
            report.check(f'{self.name}: enrollments', self.session.value("SELECT count(*) FROM peer.enrollment WHERE state = 'ended'"), count)

    def close(self):
        self.session.close()
        self.host.close()


class Graphile(Other):
    def __init__(self, _):
        super().__init__('graphile')
        self.peer = Peer('graphile.mjs', 'p7_graphile', 'workflow')
        self.session.file('p7_graphile.sql')

    def go(self, first, count):
        self.peer.tell(count)
        insert(self.host, first, count)
        self.peer.expect('done')

    def close(self):
        self.peer.stop()
        super().close()


class Boss(Other):
    def __init__(self, _):
        super().__init__('pgboss')
        self.peer = Peer('pgboss.mjs', 'p7_pgboss')

    def go(self, first, count):
        self.peer.tell(f'{first} {count}')
        self.peer.expect('done')

    def close(self):
        self.peer.stop()
        super().close()


class Pgmq(Other):
    def __init__(self, _):
        super().__init__('pgmq')
        self.session.file('pgmq_queue.sql')
        self.session.file('p7_pgmq.sql')

    def go(self, first, count):
        insert(self.host, first, count)
        while True:
            ids = [row[0] for row in self.session.run('EXECUTE read')]
            if not ids:
                return
            self.session.run('EXECUTE act (%s)', (ids,))


class Pgq(Other):
    def __init__(self, _):
        super().__init__('pgq', keeps_state=False)
        self.session.file('p7_pgq.sql')

    def go(self, first, count):
        for begin in range(first, first + count, CHUNK):
            insert(self.host, begin, min(CHUNK, first + count - begin))
            self.session.run("SELECT pgq.ticker('events')")  # as pgqd would at so many events
        self.session.run("SELECT pgq.force_tick('events'), pgq.ticker('events')")
        while True:
            batch = self.session.value("SELECT pgq.next_batch('events', 'writer')")
            if batch is None:
                return
            self.session.run('BEGIN')
            self.session.run('EXECUTE act (%s)', (batch,))
            self.session.run('SELECT pgq.finish_batch(%s)', (batch,))
            self.session.run('COMMIT')


def run(bench):
    rounds = bench.pick(7, 5)
    loads = {'ours': bench.pick(100000, 10000), 'pgboss': bench.pick(20000, 3000), 'graphile': bench.pick(5000, 500), 'pgmq': bench.pick(100000, 10000),
             'pgq': bench.pick(100000, 10000)}
    systems = {'ours': Ours(bench), 'pgboss': Boss(bench), 'graphile': Graphile(bench), 'pgmq': Pgmq(bench), 'pgq': Pgq(bench)}

    def timed(name):
        def go(number):
            begin = time.perf_counter()
            systems[name].go(number * loads[name], loads[name])
            return loads[name] / (time.perf_counter() - begin)
        return go

    found = interleave({name: timed(name) for name in systems}, rounds)
    for name, bar in (('pgboss', 4), ('graphile', 30), ('pgmq', 1), ('pgq', 0.6)):
        bench.report.compare(f'P7.{name}', found['ours'], found[name], '/s', '>=', bar)
    bench.report.note(', '.join(f'{name} {statistics.median(values):.0f}/s' for name, values in found.items()))
    for name, system in systems.items():
        system.check(bench.report, loads[name] * (rounds + 1))
        system.close()
        drop_database(f'p7_{name}')

"""P8: from the commit of the host's row to the visible message, at 50 and 500 events a second, with the background worker."""
import statistics
import time

from lib import product
from lib.peers import Peer
from lib.rounds import interleave
from lib.server import Session, create_database, drop_database, settle
from lib.stats import percentile

PEER_COMMITS = 'SELECT m.contact, extract(epoch FROM pg_xact_commit_timestamp(m.xmin))::float8 FROM peer.message m WHERE m.contact > %s'


class Host:
    """A CRM that commits one row after the other, at a steady rate and to the disk, and remembers when each commit returned."""

    def __init__(self, database, commits):
        self.session, self.commits, self.last, self.rows = Session(database), commits, 0, 0

    def run(self, rate, seconds):
        """Milliseconds from commit to message of every row. A message's time is that of its own commit by the server's clock, which is this machine's:
        looking for messages would take the processor from those who write them."""
        first, returned = self.last, {}
        self.session.run('PREPARE host (bigint) AS INSERT INTO contacts VALUES ($1, \'org\', \'Name \' || $1, \'c\' || $1 || \'@example.test\', \'new\', \'city\', 1)')
        begin = time.perf_counter()
        for number in range(int(rate * seconds)):
            wait = begin + number / rate - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            self.last += 1
            self.session.run(f'EXECUTE host ({self.last})')
            returned[self.last] = time.time()
        self.session.run('DEALLOCATE host')
        self.rows += len(returned)
        end = time.time() + 30
        while True:
            seen = self.commits(self.session, first)
            if len(seen) == len(returned) or time.time() > end:
                break
            time.sleep(0.2)
        return [(seen[key] - at) * 1000 for key, at in returned.items() if key in seen]


def run(bench):
    ours = product.open_database('p8_ours', virtual=False)
    ours.file('contacts.sql')
    product.attach(ours, 'contacts')
    product.publish(ours, 'greet', {'triggers': [{'on': 'contact.created'}], 'steps': [
        {'id': 'hello', 'type': 'send', 'channel': 'email', 'subject': 'Hello {{ contact.name }}', 'body': 'You have {{ contact.score }} points.'}]})
    create_database('p8_graphile')
    theirs = Session('p8_graphile')
    theirs.file('contacts.sql')
    theirs.file('peer_tables.sql')
    peer = Peer('graphile.mjs', 'p8_graphile', 'latency')
    theirs.file('p8_graphile.sql')
    product.worker_pid('p8_ours')
    hosts = {'ours': Host('p8_ours', product.message_commits), 'graphile': Host('p8_graphile', lambda session, after: dict(session.run(PEER_COMMITS, (after,))))}
    seconds, rounds = bench.pick({50: 15, 500: 10}, {50: 2, 500: 1}), bench.pick(6, 5)
    settle(bench.pick(10, 3))
    variants = {f'{name}_{rate}': lambda _, host=host, rate=rate: host.run(rate, seconds[rate]) for rate in (50, 500) for name, host in hosts.items()}
    found = interleave(variants, rounds, before=lambda: time.sleep(0.5))
    for rate in (50, 500):
        mine, other = found[f'ours_{rate}'], found[f'graphile_{rate}']
        middle = lambda rounds_of: [statistics.median(values) for values in rounds_of]
        tail = lambda rounds_of: [percentile(values, 0.99) for values in rounds_of]
        bench.report.limit(f'P8.p50_{rate}', middle(mine), 'ms', 1, f'theirs={statistics.median(middle(other)):.3g}ms')
        bench.report.compare(f'P8.p99_{rate}', tail(mine), tail(other), 'ms', '<=', 1)
    peer.stop()
    check, whole = bench.report.check, hosts['ours'].rows
    check('rows measured', [sum(map(len, found[f'{name}_{rate}'])) for rate in (50, 500) for name in hosts],
          [int(rate * seconds[rate]) * rounds for rate in (50, 500) for _ in hosts])
    check('ours: messages', ours.run("SELECT count(*), count(DISTINCT o.contact_key) FROM workflow.outbox o JOIN contacts c ON c.id::text = o.contact_key"
                                     " AND o.subject = 'Hello ' || c.name")[0], (whole, whole))
    check('ours: enrollments', ours.value("SELECT count(*) FROM workflow.enrollments e WHERE e.state = 'ended' AND e.reason = 'completed'"), whole)
    check('graphile: messages', theirs.run('SELECT count(*), count(DISTINCT contact) FROM peer.message')[0], (hosts['graphile'].rows,) * 2)
    for session in (ours, theirs, *(host.session for host in hosts.values())):
        session.close()
    drop_database('p8_ours')
    drop_database('p8_graphile')

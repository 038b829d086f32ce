"""The comparison of P4: the same population moved by hand-written set-based SQL."""
import time

from lib.population import BODY_SQL, SUBJECT_SQL
from lib.product import BASE
from lib.server import SQL, Session, create_database, wal


class Handwritten:
    def __init__(self, bench, name, due, cohorts=5, *, way, batch):
        """way: update or timers, see bench/sql/p4_*.sql"""
        self.bench, self.name, self.due, self.cohorts, self.way, self.batch = bench, name, due, cohorts, way, batch
        create_database(name)
        # Plans that are right for a batch whatever the statistics say, as an expert would pin them.
        self.session = Session(name, synchronous_commit='off', enable_hashjoin='off', enable_mergejoin='off', enable_seqscan='off', jit='off')
        self.session.file('contacts.sql')
        self.session.file('p4_tables.sql')
        self.session.run(f"""INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', 'warm', 'city ' || g % 100, g::bigint * 7919 % 10000
                               FROM generate_series(1, {due * cohorts}) g""")
        self.session.run(f"""INSERT INTO hand.state SELECT g, g, 1, {BASE} + (24 + (g - 1) / {due}) * interval '1 hour'
                               FROM generate_series(1, {due * cohorts}) g""")
        if way == 'timers':
            self.session.run('INSERT INTO hand.timer SELECT s.due, s.enrollment FROM hand.state s ORDER BY 1, 2')
        else:
            self.session.run('CREATE INDEX ON hand.state (due)')
        self.session.run('VACUUM ANALYZE')
        self.passes = [0] * cohorts
        self.statement = (SQL / f'p4_{way}.sql').read_text().replace('{writes}', (SQL / 'p4_writes.sql').read_text())
        for word, value in {'batch': batch, 'subject': SUBJECT_SQL, 'body': BODY_SQL}.items():
            self.statement = self.statement.replace('{' + word + '}', str(value))

    def run_due(self, _=None):
        cohort = self.passes.index(min(self.passes))
        self.passes[cohort] += 1
        step = self.passes[cohort]
        now = f"{BASE} + interval '{cohort + 24 * step} hours'"
        # Prepared once for all batches of the cohort; every batch is a transaction.
        self.session.run(f'PREPARE batch AS {self.statement.replace("{now}", f"({now})")}')
        log, images = wal(self.session)
        cpu, begin, done = self.session.cpu(), time.perf_counter(), 0
        while done < self.due:
            moved = self.session.value('EXECUTE batch')
            if not moved:
                break
            done += moved
        seconds, cpu = time.perf_counter() - begin, self.session.cpu() - cpu
        log_after, images_after = wal(self.session)
        self.session.run('DEALLOCATE batch')
        one = self.session.value
        self.bench.report.check(f'{self.name}: messages', one(
            f"SELECT count(DISTINCT m.enrollment) FROM hand.message m JOIN contacts c ON c.id = m.enrollment"
            f" WHERE m.created_at = {now} AND m.step = 's{step}' AND m.body = {BODY_SQL}"), self.due)
        self.bench.report.check(f'{self.name}: waits', one(f"SELECT count(*) FROM hand.state s WHERE s.due = {now} + interval '24 hours' AND s.step = {step + 1}"), self.due)
        self.bench.report.check(f'{self.name}: history', one(f'SELECT count(*) FROM hand.history h WHERE h.at = {now}'), self.due)
        return {'rate': self.due / seconds, 'cpu': cpu / self.due * 1e6, 'wal': float(log_after - log) / self.due,
                'images': float(images_after - images) / self.due}

    def close(self):
        self.session.close()

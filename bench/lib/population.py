"""Many enrollments that wait, in cohorts that fall due one after the other: each again after the same time, cohort k a while after cohort k - 1."""
import time

from lib import product
from lib.server import wal

SUBJECT = 'Hello {{ contact.name }}'
BODY = ('Dear {{ contact.name }},\n\nyou have {{ contact.score }} points now.{% if contact.score > 5000 %} That makes you one of our best customers.'
        '{% endif %}\n\nSee what they buy: https://shop.example.test/points/{{ contact.id }}\n\nYours,\nAcme')
# What the template gives, for the check and for the comparison that does not render.
SUBJECT_SQL = "'Hello ' || c.name"
BODY_SQL = ("'Dear ' || c.name || E',\\n\\nyou have ' || c.score || ' points now.' || CASE WHEN c.score > 5000 THEN"
            " ' That makes you one of our best customers.' ELSE '' END || E'\\n\\nSee what they buy: https://shop.example.test/points/' || c.id"
            " || E'\\n\\nYours,\\nAcme'")
PASSES = 60  # so often each cohort can fall due


def sequence(again):
    steps = []
    for number in range(1, PASSES + 1):
        steps.append({'id': f'w{number}', 'type': 'wait', 'for': again})
        steps.append({'id': f's{number}', 'type': 'send', 'channel': 'email', 'subject': SUBJECT, 'body': BODY})
    steps.append({'id': 'last', 'type': 'wait', 'for': again})
    return {'triggers': [{'on': 'contact.created', 'filter': {'field': 'contact.status', 'operator': '=', 'value': 'warm'}}], 'steps': steps}


def cold():
    return {'triggers': [{'on': 'contact.created', 'filter': {'field': 'contact.status', 'operator': '=', 'value': 'cold'}}],
            'steps': [{'id': 'w', 'type': 'wait', 'for': '30000 days'}, {'id': 's', 'type': 'send', 'channel': 'email', 'subject': SUBJECT, 'body': BODY}]}


class Population:
    def __init__(self, bench, name, due, waiting, cohorts=5, again='24 hours', apart='1 hour'):
        """due: enrollments of a cohort; waiting: all of them. What is no cohort's waits for the next century. again, apart: the time from a cohort's turn to its next, and to
        that of the cohort after it."""
        self.bench, self.name, self.due, self.cohorts = bench, name, due, cohorts
        self.waiting = max(waiting, due * cohorts)
        self.session = product.open_database(name)
        self.passes, self.again, self.apart, self.unchecked = [0] * cohorts, again, apart, []
        self.session.file('contacts.sql')
        product.attach(self.session, 'contacts')
        product.publish(self.session, 'sequence', sequence(again))
        product.publish(self.session, 'cold', cold())
        begin = time.time()
        self.session.run('SET pg_workflow.batch_size = 5000')
        for cohort in range(cohorts):
            self._enroll(cohort * due, due, 'warm', cohort)
        for first in range(cohorts * due, self.waiting, 100000):
            self._enroll(first, min(100000, self.waiting - first), 'cold', cohorts - 1)
        self.session.run('RESET pg_workflow.batch_size')
        self.session.run('SELECT workflow.maintain()')
        self.session.run('VACUUM ANALYZE')
        bench.report.say(f'{name}: {self.waiting} enrollments wait, made through attach and tick() in {time.time() - begin:.0f} s')

    def _enroll(self, first, count, status, cohort):
        self.session.run(f"""INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', '{status}', 'city ' || g % 100, g::bigint * 7919 % 10000
                               FROM generate_series({first + 1}, {first + count}) g""")
        product.drain(self.session, self.instant(cohort, 0))

    def instant(self, cohort, turn):
        return f"{product.BASE} + {cohort} * interval '{self.apart}' + {turn} * interval '{self.again}'"

    def next_pass(self):
        """The cohort whose turn it is, and the instant at which it falls due. Cohorts take turns, so time only goes forward."""
        cohort = self.passes.index(min(self.passes))
        self.passes[cohort] += 1
        if self.passes[cohort] > PASSES:
            raise RuntimeError('the sequence has no more steps')
        return cohort, self.instant(cohort, self.passes[cohort])

    def run_due(self, _=None, batch=None, check_now=True):
        """All timed steps of the next cohort: a rate, the CPU of the backend, WAL; then what they must have produced is checked, or it is by check_rest()."""
        cohort, instant = self.next_pass()
        self.session.run(f'SET pg_workflow.batch_size = {batch}' if batch else 'RESET pg_workflow.batch_size')
        log, images = wal(self.session)
        cpu, begin = self.session.cpu(), time.perf_counter()
        messages = buffers = sampled = rounds = 0
        size = int(self.session.value('SHOW pg_workflow.batch_size'))
        while messages < self.due:
            rounds += 1
            # Every fourth round tells how many buffers it touched.
            if rounds % 4 == 2 and self.due - messages >= 2 * size:
                written = size  # a full batch; the check afterwards would find another number
                buffers, sampled = buffers + self._touched(instant), sampled + size
            else:
                _, _, _, written, errors = self.session.run(f'SELECT * FROM workflow.tick({instant})')[0]
                if errors:
                    raise RuntimeError(f'{errors} errors in a round')
            if not written:
                break
            messages += written
        seconds, cpu = time.perf_counter() - begin, self.session.cpu() - cpu
        log_after, images_after = wal(self.session)
        self.bench.report.check(f'{self.name}: nothing is left at {instant}', product.drain(self.session, instant), (0, 0, 0))
        self.unchecked.append((cohort, self.passes[cohort]))
        if check_now:
            self.check_rest()
        self.session.run('SELECT workflow.maintain()')  # the worker does it once a minute
        return {'rate': self.due / seconds, 'cpu': cpu / self.due * 1e6, 'wal': float(log_after - log) / self.due,
                'images': float(images_after - images) / self.due, 'buffers': buffers / sampled if sampled else 0.0}

    def _touched(self, instant):
        plan = self.session.value(f'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT * FROM workflow.tick({instant})')[0]['Plan']
        return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']

    def check_rest(self):
        """What the turns must have produced that were not checked before."""
        self.session.run('SET enable_nestloop = off')  # of what was written a moment ago the planner knows nothing
        for cohort, turn in self.unchecked:
            self._check(cohort, turn)
        self.unchecked = []
        self.session.run('RESET enable_nestloop')

    def _check(self, cohort, step):
        """One message with the right text, history of sending and waiting, and the next wait for every enrollment of the cohort, and for no other."""
        first, last, instant = cohort * self.due + 1, (cohort + 1) * self.due, self.instant(cohort, step)
        check, one = self.bench.report.check, self.session.value
        check(f'{self.name}: messages', one(f"""SELECT count(DISTINCT c.id) || ' of ' || count(*) FROM workflow.outbox o JOIN contacts c ON c.id::text = o.contact_key
               WHERE o.created_at = {instant} AND o.step = 's{step}' AND o.due_at = {instant} AND c.id BETWEEN {first} AND {last}
                 AND o.state = 'ready' AND o.recipient->>'address' = c.email AND o.subject = {SUBJECT_SQL} AND o.body = {BODY_SQL}"""),
              f'{self.due} of {self.due}')
        check(f'{self.name}: messages at {instant} altogether', one(f'SELECT count(*) FROM workflow.outbox o WHERE o.created_at = {instant}'), self.due)
        check(f'{self.name}: history', one(f"""SELECT count(DISTINCT h.enrollment) FILTER (WHERE h.what = 'sent' AND h.step = 's{step}') || ' sent, ' ||
               count(DISTINCT h.enrollment) FILTER (WHERE h.what = 'waiting') || ' wait' FROM workflow.history h WHERE h.at = {instant}"""),
              f'{self.due} sent, {self.due} wait')
        if step != self.passes[cohort]:
            return  # it has gone on since
        check(f'{self.name}: waits', one(f"""SELECT count(*) FROM workflow.waiting w WHERE w.workflow = 'sequence' AND w.due = {instant} + interval '{self.again}'
               AND w.contact_key::bigint BETWEEN {first} AND {last} AND w.step = '{f"w{step + 1}" if step < PASSES else "last"}'"""), self.due)

    def close(self):
        self.session.close()

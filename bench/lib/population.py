"""Many enrollments that wait, in cohorts that fall due one after the other: cohort k waits for the hour k of every day."""
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


def sequence():
    steps = []
    for number in range(1, PASSES + 1):
        steps.append({'id': f'w{number}', 'type': 'wait', 'for': '24 hours'})
        steps.append({'id': f's{number}', 'type': 'send', 'channel': 'email', 'subject': SUBJECT, 'body': BODY})
    steps.append({'id': 'last', 'type': 'wait', 'for': '24 hours'})
    return {'triggers': [{'on': 'contact.created', 'filter': {'field': 'contact.status', 'operator': '=', 'value': 'warm'}}], 'steps': steps}


def cold():
    return {'triggers': [{'on': 'contact.created', 'filter': {'field': 'contact.status', 'operator': '=', 'value': 'cold'}}],
            'steps': [{'id': 'w', 'type': 'wait', 'for': '30000 days'}, {'id': 's', 'type': 'send', 'channel': 'email', 'subject': SUBJECT, 'body': BODY}]}


class Population:
    def __init__(self, bench, name, due, waiting, cohorts=5):
        """due: enrollments of a cohort; waiting: all of them. What is no cohort's waits for the next century."""
        self.bench, self.name, self.due, self.cohorts = bench, name, due, cohorts
        self.waiting = max(waiting, due * cohorts)
        self.session = product.open_database(name)
        self.passes = [0] * cohorts
        self.session.file('contacts.sql')
        product.attach(self.session, 'contacts')
        product.publish(self.session, 'sequence', sequence())
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

    def _enroll(self, first, count, status, hour):
        self.session.run(f"""INSERT INTO contacts SELECT g, 'org', 'Name ' || g, 'c' || g || '@example.test', '{status}', 'city ' || g % 100, g::bigint * 7919 % 10000
                               FROM generate_series({first + 1}, {first + count}) g""")
        product.drain(self.session, self.instant(hour, 0))

    def instant(self, hour, day):
        return f"{product.BASE} + interval '{hour + 24 * day} hours'"

    def next_pass(self):
        """The cohort whose turn it is, and the instant at which it falls due. Cohorts take turns, so time only goes forward."""
        cohort = self.passes.index(min(self.passes))
        self.passes[cohort] += 1
        if self.passes[cohort] > PASSES:
            raise RuntimeError('the sequence has no more steps')
        return cohort, self.instant(cohort, self.passes[cohort])

    def run_due(self, _=None, batch=None):
        """All timed steps of the next cohort: a rate, the CPU of the backend, WAL; then what they must have produced is checked."""
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
        self._check(cohort, instant)
        self.session.run('RESET enable_nestloop')
        self.session.run('SELECT workflow.maintain()')  # the worker does it once a minute
        return {'rate': self.due / seconds, 'cpu': cpu / self.due * 1e6, 'wal': float(log_after - log) / self.due,
                'images': float(images_after - images) / self.due, 'buffers': buffers / sampled if sampled else 0.0}

    def _touched(self, instant):
        plan = self.session.value(f'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) SELECT * FROM workflow.tick({instant})')[0]['Plan']
        return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']

    def _check(self, cohort, instant):
        """One message with the right text, history of sending and waiting, and the next wait for every enrollment of the cohort, and for no other."""
        first, last, step = cohort * self.due + 1, (cohort + 1) * self.due, self.passes[cohort]
        check, one = self.bench.report.check, self.session.value
        self.session.run('SET enable_nestloop = off')  # of what was written a moment ago the planner knows nothing
        check(f'{self.name}: nothing is left at {instant}', product.drain(self.session, instant), (0, 0, 0))
        check(f'{self.name}: messages', one(f"""SELECT count(DISTINCT c.id) || ' of ' || count(*) FROM workflow.outbox o JOIN contacts c ON c.id::text = o.contact_key
               WHERE o.created_at = {instant} AND o.step = 's{step}' AND o.due_at = {instant} AND c.id BETWEEN {first} AND {last}
                 AND o.state = 'ready' AND o.recipient->>'address' = c.email AND o.subject = {SUBJECT_SQL} AND o.body = {BODY_SQL}"""),
              f'{self.due} of {self.due}')
        check(f'{self.name}: messages at {instant} altogether', one(f'SELECT count(*) FROM workflow.outbox o WHERE o.created_at = {instant}'), self.due)
        check(f'{self.name}: waits', one(f"""SELECT count(*) FROM workflow.waiting w WHERE w.workflow = 'sequence' AND w.due = {instant} + interval '24 hours'
               AND w.contact_key::bigint BETWEEN {first} AND {last} AND w.step = '{f"w{step + 1}" if step < PASSES else "last"}'"""), self.due)
        check(f'{self.name}: history', one(f"""SELECT count(DISTINCT h.enrollment) FILTER (WHERE h.what = 'sent' AND h.step = 's{step}') || ' sent, ' ||
               count(DISTINCT h.enrollment) FILTER (WHERE h.what = 'waiting') || ' wait' FROM workflow.history h WHERE h.at = {instant}"""),
              f'{self.due} sent, {self.due} wait')

    def history_rows(self):
        """Rows of history that a timed step writes."""
        day = max(self.passes)
        cohort = max(k for k in range(self.cohorts) if self.passes[k] == day)
        return round(self.session.value(f'SELECT count(*) FROM workflow.history h WHERE h.at = {self.instant(cohort, day)}') / self.due)

    def close(self):
        self.session.close()

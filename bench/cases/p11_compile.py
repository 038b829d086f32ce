"""P11: compiling a definition of 200 steps; publishing while others write."""
import json
import statistics
import threading
import time

from lib import product
from lib.server import Session, drop_database
from lib.stats import percentile


def long_definition(count=200):
    """Steps of all common kinds, with filters and templates."""
    kinds = [
        lambda n: {'id': f'w{n}', 'type': 'wait', 'for': f'{n} hours', 'at': '09:00'} if n % 2 else {'id': f'w{n}', 'type': 'wait', 'for': '2 days'},
        lambda n: {'id': f's{n}', 'type': 'send', 'channel': 'email', 'subject': 'Hello {{ contact.name }}',
                   'body': 'You have {{ contact.score }} points{% if contact.score > 100 %}, which is much{% endif %}.'},
        lambda n: {'id': f'c{n}', 'type': 'set', 'values': {'contact.score': {'add': n}},
                   'if': {'combinator': 'and', 'rules': [{'field': 'contact.score', 'operator': '<', 'value': n}, {'field': 'contact.city', 'operator': 'notNull'}]}},
        lambda n: {'id': f'm{n}', 'type': 'send', 'channel': 'sms', 'to': '+1555{{ contact.id }}', 'body': 'Hi {{ contact.name | upcase }}',
                   'if': {'field': 'contact.status', 'operator': 'in', 'value': ['a', 'b', 'c']}}]
    return {'triggers': [{'on': 'contact.created', 'filter': {'field': 'contact.status', 'operator': '=', 'value': 'nobody'}}],
            'steps': [kinds[n % len(kinds)](n) for n in range(1, count + 1)]}


def run(bench):
    session = product.open_database('p11')
    session.file('contacts.sql')
    product.attach(session, 'contacts')
    definition = long_definition()
    problems = session.run("SELECT * FROM workflow.validate(%s) v WHERE v.severity = 'error'", (json.dumps(definition),))
    bench.report.check('the definition is valid', problems, [])
    session.run('CREATE TEMPORARY TABLE one AS SELECT %s::jsonb AS definition', (json.dumps(definition),))
    times, processor = [], []
    for _ in range(bench.pick(200, 50) + 5):
        begin, cpu = time.perf_counter(), session.cpu()
        session.run('SELECT count(v) FROM one, workflow.validate(one.definition) v')
        times.append((time.perf_counter() - begin) * 1000)
        processor.append((session.cpu() - cpu) * 1000)
    # By the processor: others that run on the machine lengthen what the clock says.
    bench.report.limit('P11.compile', processor[5:], 'ms', 2, f'steps=200 clock={statistics.median(times[5:]):.3g}ms')
    publish(bench, session)
    session.close()
    drop_database('p11')


class Writer(threading.Thread):
    """Writes single rows until it is told to stop. Whoever waits for a lock for 20 ms is told so by an error."""

    def __init__(self):
        super().__init__()
        self.session, self.times, self.waits, self.ending, self.number = Session('p11', lock_timeout='20ms', deadlock_timeout='10ms'), [], 0, False, 0

    def run(self):
        while not self.ending:
            self.number += 1
            begin = time.perf_counter()
            try:
                self.session.run("INSERT INTO contacts VALUES (%s, 'org', 'Name', 'x', 'new', 'city', 1)", (self.number,))
                self.session.run('UPDATE contacts SET score = score + 1 WHERE id = %s', (self.number,))
            except Exception as error:
                self.waits += 1
                print(f'# P11 {error}')
            self.times.append((time.perf_counter() - begin) * 1000)


def publish(bench, session):
    """Versions are published again and again, also in a transaction that stays open, and beside a writer's transaction that stays open."""
    session.run('SELECT workflow.create_workflow(%s, %s)', ('long', json.dumps(long_definition())))
    session.run("SELECT workflow.publish('long')")
    session.run('SET lock_timeout = 20')
    writer, open_writer = Writer(), Session('p11')
    writer.start()
    time.sleep(1)
    quiet, versions = len(writer.times), bench.pick(40, 10)
    refused = 0
    for number in range(versions):
        open_writer.run('BEGIN')
        open_writer.run("INSERT INTO contacts VALUES (%s, 'org', 'Name', 'x', 'new', 'city', 1)", (-number,))
        try:
            session.run('BEGIN')
            session.run('SELECT workflow.save_draft(%s, %s)', ('long', json.dumps(long_definition())))
            session.run("SELECT workflow.publish('long')")
            time.sleep(0.1)
            session.run('COMMIT')
        except Exception as error:
            print(f'# P11 {error}')
            refused += 1
            session.run('ROLLBACK')
        open_writer.run('COMMIT')
    writer.ending = True
    writer.join()
    bench.report.limit('P11.waits', [writer.waits + refused], '_waits', 0.5,
                       f'p99_of_writers={percentile(writer.times[quiet:], 0.99):.3g}ms before={percentile(writer.times[:quiet], 0.99):.3g}ms versions={versions}')
    bench.report.check('versions', session.value("SELECT count(*) FROM workflow.versions v WHERE v.published_at IS NOT NULL"), versions + 1 - refused)
    bench.report.check('rows', session.value('SELECT count(*) FROM contacts'), writer.number - writer.waits + versions)
    writer.session.close()
    open_writer.close()

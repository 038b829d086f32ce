"""P2: capture where every row matches one of 20 workflows, against a PL/pgSQL trigger that queues to_jsonb(NEW)."""
from lib import product
from lib.bulk import bulk, over_plain
from lib.rounds import interleave
from lib.server import checkpoint, drop_database


def one_of(number):
    rule = {'field': 'contact.status', 'operator': '=', 'value': f's{number}'}
    return {'triggers': [{'on': 'contact.created', 'filter': rule}, {'on': 'contact.updated', 'filter': rule}],
            'settings': {'reentry': 'every_event'}, 'steps': [{'id': 's', 'type': 'send', 'channel': 'push', 'body': 'x'}]}


def run(bench):
    rows, rounds = bench.pick(100000, 6000), bench.pick(11, 5)
    session = product.open_database('p2')
    session.file('contacts.sql')
    product.attach(session, 'contacts')
    for number in range(20):
        product.publish(session, f'w{number}', one_of(number))
    session.file('p2_queue.sql')
    check, status = bench.report.check, "'s' || g % 20"

    def ours(number):
        found = bulk(session, 'contacts', number * rows, rows, status)
        check(f'events of round {number}', session.value('SELECT workflow.unread_events()'), 2 * rows)
        # Every row enters once for its insertion and once for its update; what was read is taken away before the next round.
        check(f'work of round {number}', product.drain(session, f"{product.BASE} + interval '{number} days'")[::2], (2 * rows, 2 * rows))
        session.run('SELECT workflow.maintain()')
        return found

    def queued(number):
        found = bulk(session, 'queued', number * rows, rows, status)
        check(f'rows queued in round {number}', session.run("SELECT count(*), count(DISTINCT (event, row->>'id')) FROM queue")[0], (2 * rows, 2 * rows))
        session.run('TRUNCATE queue')
        return found

    found = interleave({'plain': lambda n: bulk(session, 'plain', n * rows, rows, status), 'ours': ours, 'queued': queued}, rounds,
                       before=lambda: None, before_round=checkpoint)  # the processor's time is counted, which a checkpoint does not disturb
    for operation in ('insert', 'update'):
        bench.report.compare(f'P2.{operation}', over_plain(found, 'ours', operation), over_plain(found, 'queued', operation), 'us', '>=', 4, over='theirs',
                             differences=True)
    whole = (rounds + 1) * rows
    check('messages, each of the workflow that its row names', session.value(
        "SELECT count(*) FROM workflow.outbox o WHERE o.workflow = 'w' || o.contact_key::bigint % 20"), 2 * whole)
    check('enrollments', session.run("SELECT count(*), count(DISTINCT (contact_key, entry_number)) FROM workflow.enrollments e"
                                     " WHERE e.state = 'ended' AND e.reason = 'completed'")[0], (2 * whole, 2 * whole))
    check('refusals', session.value('SELECT count(*) FROM workflow.refusals'), 0)
    session.close()
    drop_database('p2')

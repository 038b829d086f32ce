"""P1: capture where nothing matches. 20 published workflows with filters, bulk INSERT and UPDATE, CPU of the backend over no trigger."""
from lib import product
from lib.bulk import bulk, over_plain
from lib.rounds import interleave
from lib.server import checkpoint, drop_database


def never(number):
    """A workflow that hears of every contact and wants none; half of the filters are on a text, half on a number."""
    rule = ({'field': 'contact.status', 'operator': '=', 'value': f'never {number}'} if number % 2 == 0
            else {'field': 'contact.score', 'operator': '>', 'value': 1000000000 + number})
    return {'triggers': [{'on': 'contact.created', 'filter': rule}, {'on': 'contact.updated', 'filter': rule}],
            'settings': {'reentry': 'every_event'}, 'steps': [{'id': 's', 'type': 'send', 'channel': 'push', 'body': 'x'}]}


def run(bench):
    rows, rounds = bench.pick(200000, 25000), bench.pick(36, 5)
    some = rows // 4  # where a row costs so much that fewer tell it as well, and leave time for more rounds of the others
    few = product.open_database('p1_few')
    few.file('contacts.sql')
    product.attach(few, 'contacts')
    for number in range(20):
        product.publish(few, f'never {number}', never(number))
    few.file('p1_triggers.sql')
    many = product.open_database('p1_many')
    many.file('contacts.sql')
    many.run('ALTER TABLE contacts SET (autovacuum_enabled = off)')
    product.attach(many, 'contacts', account='org')
    many.run('BEGIN')
    for number in range(1000):
        product.publish(many, f'never {number % 20}', never(number % 20), account=f'org {number // 20}')
    many.run('COMMIT')

    status, org = "'new'", "'org ' || g % 50"
    variants = {'plain': lambda n: bulk(few, 'plain', n * rows, rows, status, org), 'empty': lambda n: bulk(few, 'empty', n * rows, rows, status, org),
                'ours': lambda n: bulk(few, 'contacts', n * rows, rows, status, org), 'ruled': lambda n: bulk(few, 'ruled', n * some, some, status, org),
                'many': lambda n: bulk(many, 'contacts', n * rows, rows, status, org)}
    # The processor's time is counted, which a checkpoint does not disturb: one a round is enough.
    found = interleave(variants, rounds, before=lambda: None, before_round=checkpoint)

    for operation, bar in (('insert', 20), ('update', 12)):
        cost = {name: over_plain(found, name, operation) for name in ('empty', 'ours', 'ruled', 'many')}
        compare = lambda *words, **more: bench.report.compare(*words, differences=True, **more)
        compare(f'P1.{operation}_empty', cost['ours'], cost['empty'], 'us', '<=', 2.5)
        compare(f'P1.{operation}_rules', cost['ours'], cost['ruled'], 'us', '>=', bar, over='theirs')
        compare(f'P1.{operation}_many', cost['many'], cost['ours'], 'us', '<=', 3, note='ours=1000_workflows theirs=20_workflows')
    check = bench.report.check
    for session, tables in ((few, {'plain': rows, 'empty': rows, 'contacts': rows, 'ruled': some}), (many, {'contacts': rows})):
        for table, count in tables.items():
            check(f'rows of {table}', session.run(f'SELECT count(*), sum(score)::bigint FROM {table}')[0],
                  (count, session.value(f'SELECT sum(g % 10000 + 1)::bigint FROM generate_series({rounds * count + 1}, {(rounds + 1) * count}) g')))
        check('events', session.value('SELECT workflow.unread_events()'), 0)
        check('faults of capture', session.value('SELECT count(*) FROM workflow.fault'), 0)
    check('rows queued by rules', few.value('SELECT count(*) FROM queue'), 0)
    # That the filters are heard at all: one row that matches is captured.
    for session, accounts in ((few, 20), (many, 1)):
        session.run("INSERT INTO contacts VALUES (0, 'org 7', 'x', 'x', 'never 2', 'x', 0)")
        check(f'a row that matches, {accounts}', session.value('SELECT workflow.unread_events()') + product.drain(session, product.BASE)[2], 2)
    for name, session in (('p1_few', few), ('p1_many', many)):
        session.close()
        drop_database(name)

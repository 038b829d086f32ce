"""P6: timed steps while a snapshot is held open, and while a reader holds AccessShare on all tables of ours."""
import time

from lib import product
from lib.population import Population
from lib.rounds import column, interleave
from lib.server import Session, drop_database


def run(bench):
    due, seconds, rounds = bench.pick(100000, 4000), bench.pick(600, 10), bench.pick(5, 5)
    names = ('free', 'held', 'read')
    # One database each: a snapshot holds back the cleaning of its own database only.
    populations = {name: Population(bench, f'p6_{name}', due, due * 5) for name in names}
    snapshot, reader = Session('p6_held'), Session('p6_read')
    snapshot.run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    rows = snapshot.value('SELECT count(*) FROM contacts')
    reader.run('BEGIN')

    def read(number):
        # Also what was made since the round before.
        reader.run(f'LOCK TABLE {", ".join(product.all_tables(reader))} IN ACCESS SHARE MODE')
        return populations['read'].run_due(number)

    variants = {'free': populations['free'].run_due, 'held': populations['held'].run_due, 'read': read}
    begin = time.time()
    first = interleave(variants, 1)
    while time.time() - begin < seconds and max(populations['free'].passes) < 50:
        interleave(variants, 1)
    found = interleave(variants, rounds)
    held_for = time.time() - begin
    for name in ('held', 'read'):
        bench.report.compare(f'P6.{name}_rate', column(found[name], 'rate'), column(found['free'], 'rate'), '/s', '>=', 0.9, note=f'{held_for:.0f}s')
        bench.report.compare(f'P6.{name}_buffers', column(found[name], 'buffers'), column(found['free'], 'buffers'), '', '<=', 1.1, note='a_step')
        bench.report.note(f'{name}: buffers a step {first[name][0]["buffers"]:.1f} at first, {found[name][-1]["buffers"]:.1f} after {held_for:.0f} s;'
                          f' without anybody {first["free"][0]["buffers"]:.1f} and {found["free"][-1]["buffers"]:.1f}')
    bench.report.check('rows that the held snapshot sees', snapshot.value('SELECT count(*) FROM contacts'), rows)
    space(bench, populations, {'held': snapshot, 'read': reader})
    for name in names:
        populations[name].close()
        drop_database(f'p6_{name}')


def space(bench, populations, holders, limit=60):
    """After the release the tables that empty themselves are soon as small as where nobody held them."""
    for name, holder in holders.items():
        session = populations[name].session
        before = product.ring_size(session)
        holder.run('COMMIT')
        holder.close()
        begin, took = time.time(), limit + 1.0
        # A quick run does not wait for what does not come.
        while time.time() - begin < bench.pick(limit, 10):
            session.run('SELECT workflow.maintain()')
            if product.ring_size(session) <= product.ring_size(populations['free'].session) * 1.1 + 2**20:
                took = time.time() - begin
                break
            time.sleep(1)
        bench.report.limit(f'P6.{name}_space', [took], 's', limit, f'before={before / 2**20:.1f}MB after={product.ring_size(session) / 2**20:.1f}MB'
                           f' without={product.ring_size(populations["free"].session) / 2**20:.1f}MB')

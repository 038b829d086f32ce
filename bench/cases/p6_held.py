"""P6: timed steps while a snapshot is held open, and while a reader holds AccessShare on all tables of ours. Meanwhile an ordinary system elsewhere, for P10."""
import time

from lib import product
from lib.population import Population
from lib.real import OrdinaryLoad
from lib.rounds import column, interleave
from lib.server import Session, drop_database


def run(bench):
    due, seconds, rounds = bench.pick(100000, 4000), bench.pick(600, 40), bench.pick(5, 5)
    names = ('free', 'held', 'read')
    # One database each: a snapshot holds back the cleaning of its own database only.
    # A turn of the virtual clock takes some seconds: with waits of a day the ring of timers would come round in ten minutes, and what is live would lie with what is read.
    populations = {name: Population(bench, f'p6_{name}', due, due * 5, again='1 hour', apart='12 minutes') for name in names}
    snapshot, reader = Session('p6_held'), Session('p6_read')
    snapshot.run('BEGIN ISOLATION LEVEL REPEATABLE READ')
    rows = snapshot.value('SELECT count(*) FROM contacts')
    reader.run('BEGIN')

    def read(number, **how):
        # Also what was made since the round before.
        reader.run(f'LOCK TABLE {", ".join(product.all_tables(reader))} IN ACCESS SHARE MODE')
        return populations['read'].run_due(number, **how)

    variants = {'free': populations['free'].run_due, 'held': populations['held'].run_due, 'read': read}
    begin = time.time()
    first = interleave(variants, 1)
    load = OrdinaryLoad('p6_ordinary', 50)
    load.start()
    while time.time() - begin < seconds and max(populations['free'].passes) < 50:
        interleave(variants, 1)
    bench.facts['pg_class'] = load.end(bench.report.check)
    # What is measured is checked afterwards, while the reader and the snapshot are still there.
    later = {name: lambda number, run=run: run(number, check_now=False) for name, run in variants.items()}
    found = interleave(later, rounds)
    held_for = time.time() - begin
    for name in ('held', 'read'):
        bench.report.compare(f'P6.{name}_rate', column(found[name], 'rate'), column(found['free'], 'rate'), '/s', '>=', 0.9, note=f'{held_for:.0f}s')
        bench.report.compare(f'P6.{name}_buffers', column(found[name], 'buffers'), column(found['free'], 'buffers'), '', '<=', 1.1, note='a_step')
        bench.report.note(f'{name}: buffers a step {first[name][0]["buffers"]:.1f} at first, {found[name][-1]["buffers"]:.1f} after {held_for:.0f} s;'
                          f' without anybody {first["free"][0]["buffers"]:.1f} and {found["free"][-1]["buffers"]:.1f}')
    for population in populations.values():
        population.check_rest()
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

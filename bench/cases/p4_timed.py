"""P4: timed steps. Of all that wait a fifth is due; each renders and writes one message, writes history, goes on to its next wait."""
import statistics

from lib.handwritten import Handwritten
from lib.population import Population
from lib.rounds import column, interleave
from lib.server import drop_database


def run(bench):
    due, rounds = bench.pick(200000, 10000), bench.pick(5, 5)
    ours = Population(bench, 'p4_ours', due, due * 5)
    ours.run_due()
    ways = bench.pick([('update', 1000), ('update', 5000), ('update', 20000), ('timers', 1000), ('timers', 5000)],
                      [('update', 1000), ('update', 5000), ('timers', 1000)])
    theirs = {f'{way}_{batch}': Handwritten(bench, f'p4_{way}_{batch}', due, way=way, batch=batch) for way, batch in ways}
    found = interleave({'ours': ours.run_due, 'ours_5000': lambda n: ours.run_due(n, batch=5000), **{name: other.run_due for name, other in theirs.items()}}, rounds)
    best = max(theirs, key=lambda name: statistics.median(column(found[name], 'rate')))
    for name, values in found.items():
        bench.report.note(f'{name}: {statistics.median(column(values, "rate")):.0f} steps/s, CPU {statistics.median(column(values, "cpu")):.1f} us,'
                          f' WAL {statistics.median(column(values, "wal")):.0f} bytes a step,'
                          f' {statistics.median(column(values, "images")):.3f} images of pages')
    bench.report.compare('P4.steps', column(found['ours'], 'rate'), column(found[best], 'rate'), '/s', '>=', 1.5, note=f'best={best}')
    bench.facts['wal'] = column(found['ours'], 'wal')
    ours.close()
    drop_database('p4_ours')
    for name, other in theirs.items():
        other.close()
        drop_database(f'p4_{name}')

"""P10: WAL of a timed step, memory of the worker, updates of pg_class: found by P4, P5 and P6 of the same run."""
import importlib
import time

from lib.real import OrdinaryLoad


def run(bench):
    report = bench.report
    for fact, name, case in (('wal', 'P4', 'p4_timed'), ('memory', 'P5', 'p5_waiting')):
        if fact not in bench.facts:
            report.say(f'P10 needs {name}')
            report.case = name
            importlib.import_module(f'cases.{case}').run(bench)
            report.close_case()
            report.case = 'P10'
    report.limit('P10.wal', [size / 1000 for size in bench.facts['wal']], 'kB', 1.0, 'a_timed_step,_with_images_of_pages_after_a_checkpoint')
    before, after = (size / 2**20 for size in bench.facts['memory'])
    report.limit('P10.memory', [after], 'MB', 64, f'{bench.facts["waiting"]}_waiting')
    report.limit('P10.memory_growth', [after / before], '', 1.05, f'before={before:.1f}MB after_more_rounds')
    if 'pg_class' not in bench.facts:
        report.say('P10 needs P6, or its ordinary system for as long')
        load = OrdinaryLoad('p10_real', 50)
        load.start()
        time.sleep(load.first + bench.pick(600, 60))
        bench.facts['pg_class'] = load.end(report.check)
    per_hour, seconds, rate = bench.facts['pg_class']
    short = '' if seconds >= 540 else '_which_is_too_short'
    report.limit('P10.pg_class', [per_hour], '/h', 500, f'in_{seconds:.0f}s{short} at={rate}_rows/s')

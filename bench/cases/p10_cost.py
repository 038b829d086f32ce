"""P10: WAL of a timed step, memory of the worker, updates of pg_class: found by P4, P5 and P8 of the same run."""
import importlib


def run(bench):
    report = bench.report
    for fact, name, case in (('wal', 'P4', 'p4_timed'), ('memory', 'P5', 'p5_waiting'), ('pg_class', 'P8', 'p8_latency')):
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
    per_hour, seconds = bench.facts['pg_class']
    report.limit('P10.pg_class', [per_hour], '/h', 500, f'{seconds:.0f}s_of_P8')

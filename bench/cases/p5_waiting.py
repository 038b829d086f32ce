"""P5: timed steps with ten times as many waiting; and the worker where nothing is due."""
import statistics
import time

from lib import product
from lib.population import Population
from lib.rounds import column, interleave
from lib.server import Session, drop_database, process_cpu, process_memory, settle


def run(bench):
    due, waiting, rounds = bench.pick(200000, 5000), bench.pick(10000000, 250000), bench.pick(5, 5)
    few = Population(bench, 'p5_few', due, due * 5)
    many = Population(bench, 'p5_many', due, waiting)
    found = interleave({'few': few.run_due, 'many': many.run_due}, rounds)
    bench.report.compare('P5.steps', column(found['many'], 'rate'), column(found['few'], 'rate'), '/s', '>=', 0.9,
                         note=f'ours={waiting}_waiting theirs={due * 5}_waiting')
    bench.report.note(f'CPU a step: {statistics.median(column(found["many"], "cpu")):.1f} us of {waiting}, {statistics.median(column(found["few"], "cpu")):.1f} us of {due * 5}')
    bench.report.check('enrollments that wait', many.session.value('SELECT count(*) FROM workflow.waiting'), waiting)
    few.close()
    drop_database('p5_few')
    idle(bench, many, bench.pick(120, 15))
    many.close()
    drop_database('p5_many')


def idle(bench, many, seconds):
    """The worker wakes to a real clock, on which all that waits is years away."""
    # Not RESET: a worker that began while it was on would keep it.
    many.session.run(f'ALTER DATABASE {many.name} SET pg_workflow.virtual_clock = off')
    many.session.close()
    many.session = Session(many.name)
    pid = product.worker_pid(many.name)
    enroll_and_wait(many, 'warm', 1)
    settle(2)
    before, begin = process_cpu(pid), time.perf_counter()
    time.sleep(seconds)
    share = (process_cpu(pid) - before) / (time.perf_counter() - begin) * 100
    bench.report.limit('P5.idle', [share], '%', 0.2, f'{seconds}s')
    # Rounds of work first, for what is made once; what grows after them would grow for ever.
    first, bursts = bench.pick((20, 80), (5, 15))
    for number in range(2, first + 1):
        enroll_and_wait(many, 'warm', number)
    memory = process_memory(pid)
    for number in range(first + 1, bursts + 1):
        enroll_and_wait(many, 'warm', number)
    bench.facts['memory'] = memory, process_memory(pid)
    bench.facts['waiting'] = many.waiting
    check = bench.report.check
    check('it is the same worker', product.worker_pid(many.name), pid)
    check('its enrollments', many.session.value("SELECT count(*) FROM workflow.waiting w WHERE w.contact_key::bigint < 0 AND w.step = 'w1'"), bursts * 1000)


def enroll_and_wait(many, status, number, seconds=60):
    """A thousand contacts come, and the worker enrolls them. Their keys are negative."""
    many.session.run(f"""INSERT INTO contacts SELECT -g, 'org', 'Name', 'c@example.test', '{status}', 'city', 1
                           FROM generate_series({number * 1000 + 1}, {number * 1000 + 1000}) g""")
    end = time.time() + seconds
    while many.session.value('SELECT workflow.unread_events()'):
        if time.time() > end:
            raise RuntimeError('the worker does not enroll')
        time.sleep(0.05)

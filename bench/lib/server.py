"""Sessions on the throw-away cluster: statements, the CPU time of a backend, WAL, a settled server."""
import os
import pathlib
import re
import subprocess
import tempfile
import time

import psycopg2

SQL = pathlib.Path(__file__).resolve().parent.parent / 'sql'


class Session:
    """One connection in autocommit; its backend's CPU time comes from the kernel's scheduler."""

    def __init__(self, database, **settings):
        options = ' '.join(f'-c {name}={value}' for name, value in settings.items())
        self.connection = psycopg2.connect(dbname=database, options=options)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.pid = self.value('SELECT pg_backend_pid()')

    def run(self, sql, args=None):
        self.cursor.execute(sql, args)
        return self.cursor.fetchall() if self.cursor.description else []

    def value(self, sql, args=None):
        return self.run(sql, args)[0][0]

    def file(self, name, **words):
        """Runs bench/sql/NAME; {word} in it is replaced."""
        text = (SQL / name).read_text()
        for word, value in words.items():
            text = text.replace('{' + word + '}', str(value))
        return self.run(text)

    def cpu(self):
        """Seconds of CPU that the backend has had."""
        return process_cpu(self.pid)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def process_cpu(pid):
    with open(f'/proc/{pid}/schedstat', encoding='ascii') as file:
        return int(file.read().split()[0]) / 1e9


def process_memory(pid):
    """Bytes of memory that are the process's own: shared buffers that it has touched belong to the server."""
    sizes = {}
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        for line in file:
            if line.startswith(('VmRSS', 'RssShmem')):
                name, size, _ = line.split()
                sizes[name] = int(size) * 1024
    return sizes['VmRSS:'] - sizes['RssShmem:']


def use_socket():
    """All sessions, also those of the peers, come by the Unix socket."""
    with Session('postgres') as session:
        folder = session.value('SHOW unix_socket_directories').split(',')[0].strip()
    os.environ['PGHOST'] = folder


def create_database(name):
    with Session('postgres') as session:
        session.run(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')
        session.run(f'CREATE DATABASE {name}')


def drop_database(name):
    with Session('postgres') as session:
        session.run(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')


def drop_databases(case):
    """What a case has left behind that broke off."""
    with Session('postgres') as session:
        found = session.run("SELECT d.datname FROM pg_database d WHERE d.datname ~ ('^' || %s || '(_|$)')", (case,))
    for name, in found:
        drop_database(name)


def checkpoint():
    with Session('postgres') as session:
        session.run('CHECKPOINT')


def settle(seconds=3):
    """A checkpoint, then quiet: nothing is left to write or to vacuum when latency is measured."""
    checkpoint()
    end = time.time() + 60
    with Session('postgres') as session:
        while time.time() < end and session.value("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"):
            time.sleep(0.5)
    time.sleep(seconds)


def wal(session):
    """Bytes of WAL written so far, and how many images of whole pages (compressed) are among them."""
    session.run('SELECT pg_stat_force_next_flush()')
    return session.run("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, (SELECT wal_fpi FROM pg_stat_wal)")[0]


def pgbench(database, script, *, transactions, clients=1, settings=''):
    """Transactions per second of a script without its time to connect."""
    environment = dict(os.environ, PGOPTIONS=settings)
    done = subprocess.run(
        ['pgbench', '-n', '-M', 'prepared', '-c', str(clients), '-j', str(min(clients, 2)), '-t', str(transactions), '-f', '/dev/stdin', database],
        input=script, capture_output=True, text=True, env=environment, check=False)
    if done.returncode or 'aborted' in done.stderr:
        raise RuntimeError(f'pgbench: {done.stderr}')
    for line in done.stdout.splitlines():
        if line.startswith('tps = '):
            return float(line.split()[2])
    raise RuntimeError(f'pgbench printed no rate: {done.stdout}')


def pgbench_mixed(database, scripts, *, transactions):
    """One connection runs the scripts, drawing one for each transaction: name -> (its transactions per second of its own time, how many). What disturbs
    the machine for longer than a transaction disturbs all of them alike."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, script in enumerate(scripts.values()):
            files += ['-f', f'{folder}/{number}']
            pathlib.Path(folder, str(number)).write_text(script, encoding='utf-8')
        done = subprocess.run(['pgbench', '-n', '-M', 'prepared', '-t', str(transactions), *files, database], capture_output=True, text=True, check=False)
    if done.returncode or 'aborted' in done.stderr:
        raise RuntimeError(f'pgbench: {done.stderr}')
    counts = re.findall(r'^ - (\d+) transactions ', done.stdout, re.M)
    latencies = re.findall(r'^ - latency average = ([0-9.]+) ms', done.stdout, re.M)
    if len(counts) != len(scripts) or len(latencies) != len(scripts):
        raise RuntimeError(f'pgbench printed no figures of each script: {done.stdout}')
    return {name: (1000 / float(latency), int(count)) for name, count, latency in zip(scripts, counts, latencies)}

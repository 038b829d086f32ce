"""Programs of the peers, run by their own node from build/peers."""
import os
import pathlib
import subprocess

PLACE = pathlib.Path(__file__).resolve().parents[2] / 'build' / 'peers'


class Peer:
    """A running program that is told by lines and answers by lines."""

    def __init__(self, program, database, *words):
        found = sorted(PLACE.glob('node_modules/node-*/bin/node'))
        if not found:
            raise RuntimeError('the peers are not installed: run bench/peers/install')
        host, port, user = os.environ['PGHOST'], os.environ.get('PGPORT', '5432'), os.environ.get('PGUSER', 'postgres')
        url = f'postgres://{user}:{os.environ.get("PGPASSWORD", "x")}@/{database}?host={host}&port={port}'
        self.process = subprocess.Popen([str(found[0]), f'{PLACE}/{program}', *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, cwd=PLACE,
                                        env=dict(os.environ, PEER_URL=url, PGDATABASE=database, NO_LOG_SUCCESS='1', NODE_ENV='production'))
        self.expect('ready')

    def tell(self, line):
        self.process.stdin.write(f'{line}\n')
        self.process.stdin.flush()

    def expect(self, wanted):
        for line in self.process.stdout:
            if line.strip() == wanted:
                return
        raise RuntimeError(f'{self.process.args[1]} ended with {self.process.wait()} before it said "{wanted}"')

    def stop(self):
        self.tell('stop')
        self.process.wait(60)

"""pg_workflow as the cases use it. All that knows how its tables are stored is at the end."""
import json
import time

from lib.server import Session, create_database

BASE = "timestamptz '2031-01-06 00:00Z'"  # the virtual clock begins here, later than any real one


def open_database(name, virtual=True):
    """A database with the extension; with a virtual clock its worker rests and tick() is told the time."""
    create_database(name)
    if virtual:
        with Session('postgres') as session:
            session.run(f'ALTER DATABASE {name} SET pg_workflow.virtual_clock = on')
    # As in the worker, a round's own commit does not wait for the disk; hand-written rounds have the same setting.
    session = Session(name, client_min_messages='error', synchronous_commit='off')
    session.run('CREATE EXTENSION pg_workflow')
    return session


def attach(session, table, **binding):
    session.run('SELECT FROM workflow.attach(%s, %s)', (table, json.dumps({'entity': 'contact', **binding})))


def publish(session, name, definition, account=None):
    session.run('SELECT workflow.create_workflow(%s, %s, account => %s)', (name, json.dumps(definition), account))
    session.run('SELECT workflow.publish(%s, account => %s)', (name, account))


def drain(session, as_of=None):
    """Rounds until nothing is left to do: (events, steps, messages)."""
    events = steps = messages = 0
    sql = f'SELECT * FROM workflow.tick({as_of or "NULL"})'
    while True:
        busy, more_events, more_steps, more_messages, errors = session.run(sql)[0]
        if busy or errors:
            raise RuntimeError(f'a round: busy {busy}, errors {errors}: {session.run("SELECT * FROM workflow.errors LIMIT 1")}')
        if not more_events and not more_steps:
            return events, steps, messages
        events, steps, messages = events + more_events, steps + more_steps, messages + more_messages


def worker_pid(database, seconds=60):
    with Session('postgres') as session:
        end = time.time() + seconds
        while time.time() < end:
            rows = session.run("SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_workflow worker' AND datname = %s", (database,))
            if rows:
                return rows[0][0]
            time.sleep(0.2)
    raise RuntimeError(f'no worker came to {database}')


def all_tables(session):
    return [row[0] for row in session.run("SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace"
                                          " AND c.relkind IN ('r', 'p') ORDER BY c.oid")]


# Below: what depends on how rows are stored.

def ring_size(session):
    """Bytes in tables that empty themselves: the event log, and timers."""
    return session.value("SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
                         " WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^(event|timer)(_|$)'")


def message_commits(session, after):
    """When each message of a contact whose key is a number above `after` became visible: {key: seconds}. Needs track_commit_timestamp."""
    return dict(session.run('SELECT m.contact_key::bigint, extract(epoch FROM pg_xact_commit_timestamp(m.xmin))::float8 FROM workflow.message m'
                            ' WHERE m.contact_key::bigint > %s', (after,)))

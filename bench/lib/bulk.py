"""Bulk statements on one table: the CPU of the backend, a row, for an INSERT and an UPDATE of many rows, each its own transaction."""


def bulk(session, table, first, rows, status, org="'org'"):
    # Emptying the table is no part of what is measured, and nobody is to hear of it.
    session.run('SET pg_workflow.capture = off')
    session.run(f'TRUNCATE {table}')
    session.run('SET pg_workflow.capture = on')
    begin = session.cpu()
    session.run(f"""INSERT INTO {table} SELECT g, {org}, 'Name ' || g, 'c' || g || '@example.test', {status}, 'city ' || g % 100, g % 10000
                      FROM generate_series({first + 1}, {first + rows}) g""")
    inserted = session.cpu()
    session.run(f'VACUUM {table}')
    middle = session.cpu()
    session.run(f'UPDATE {table} SET score = score + 1')
    return {'insert': (inserted - begin) / rows * 1e6, 'update': (session.cpu() - middle) / rows * 1e6}


def over_plain(found, name, operation):
    """What a variant costs more than the table without a trigger, in the same round."""
    return [values[operation] - plain[operation] for values, plain in zip(found[name], found['plain'])]

"""What migrations say about rights: ``secure`` puts a table with a district behind row-level security.

Invariant: a table that holds a district's rows is made accessible by ``secure`` alone, so none is without its policies.
"""

from alembic import context, op

LOCK_SECONDS = 5
"""A migration that waits longer for a table gives up: while it waits, everybody who comes after waits behind it."""
OWN_DISTRICTS = "district = ANY ((SELECT current_districts())::text[])"
"""What the api role may write; as a subquery the set is worked out once a statement, not for every row."""
SEEN_DISTRICTS = f"{OWN_DISTRICTS} AND (district <> '' OR cardinality(current_districts()) > 0)"
"""What it may see. A subquery is not run where there is no row to look at. The second condition costs a comparison
a row, and lets the planner, which works out what it would select, raise over an empty table too where no district is
set."""


def service() -> str:
    """Return the service whose database is being migrated."""
    return str(context.config.attributes["service"])


def secure(table: str, *, api: str = "", worker: str = "") -> None:
    """Force row-level security on ``table`` and grant rights, e.g. ``api="SELECT, INSERT"``.

    The api role gets the districts that its transaction sets; the worker role, which mixes districts, gets every one.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    if api:
        op.execute(
            f"CREATE POLICY own_districts ON {table} TO {service()}_api "
            f"USING ({SEEN_DISTRICTS}) WITH CHECK ({OWN_DISTRICTS})"
        )
    if worker:
        op.execute(_of_the_worker(table))
    grant(table, api=api, worker=worker)


def let_in_worker(table: str, rights: str) -> None:
    """Give the worker its policy and rights on a table that `secure` gave the api alone."""
    op.execute(_of_the_worker(table))
    grant(table, worker=rights)


def _of_the_worker(table: str) -> str:
    return f"CREATE POLICY every_district ON {table} TO {service()}_worker USING (true) WITH CHECK (true)"


def grant(table: str, *, api: str = "", worker: str = "") -> None:
    """Grant rights on a table that no district owns (the relay's queue, consumer positions, keys)."""
    if api:
        op.execute(f"GRANT {api} ON {table} TO {service()}_api")
    if worker:
        op.execute(f"GRANT {worker} ON {table} TO {service()}_worker")


def build_index(name: str, on: str, *, unique: bool = False) -> None:
    """Build an index on ``on``, e.g. ``volunteer (district, number)``, while others write; alone in its revision.

    It waits for those who are at work already, however long, and nobody waits for it. One that was broken off is
    left behind invalid, and goes first.
    """
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name} ON {on}")
        op.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")

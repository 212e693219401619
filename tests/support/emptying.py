"""A service's database as it is after its migrations, from one test to the next.

Invariant: every table there is gets emptied, so a new one cannot be forgotten; but for those that migrations fill.
"""

from sqlalchemy import text

from shared.store.engine import Store

_FILLED_BY_MIGRATIONS = ("alembic_version", "installation", "rule_set")
_EMPTY = text(f"""
    DO $$
    DECLARE
        tables text := (SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
                        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
                          AND relname NOT IN {_FILLED_BY_MIGRATIONS});
        guarded name[] := ARRAY(SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
                                WHERE tgname = 'append_only' AND tgparentid = 0);
        guard name;
    BEGIN
        FOREACH guard IN ARRAY guarded LOOP EXECUTE format('ALTER TABLE %I DISABLE TRIGGER append_only', guard);
        END LOOP;
        EXECUTE 'TRUNCATE ' || tables;
        FOREACH guard IN ARRAY guarded LOOP EXECUTE format('ALTER TABLE %I ENABLE TRIGGER append_only', guard);
        END LOOP;
    END $$
""")


async def empty(owner_url: str) -> None:
    """Empty a service's database, given its owner's URL."""
    owner = Store(owner_url)
    async with owner.transaction() as tx:
        await tx.execute(_EMPTY)
    await owner.close()

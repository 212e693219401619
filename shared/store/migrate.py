"""Roles, databases and schema: who may do what in a service's database.

Invariant: three roles a service. ``<service>_owner`` owns the tables and alone has DDL; ``<service>_api`` and
``<service>_worker`` own nothing, cannot bypass row-level security, and hold just the rights that migrations grant them.
The schema is two Alembic branches: the kit's (``shared/store/migrations``) and the service's own.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from shared.store.ddl import LOCK_SECONDS
from shared.store.engine import make_engine

_LIMITS = {
    "owner": {"idle_in_transaction_session_timeout": "10min"},
    "api": {
        "statement_timeout": "60s",
        "lock_timeout": "20s",
        "idle_in_transaction_session_timeout": "60s",
    },
    "worker": {"idle_in_transaction_session_timeout": "10min"},
}
"""What a role's sessions are held to. A worker's statements may be long: a replay is one, and waits for nobody."""
ROOT = Path(__file__).resolve().parents[2]


async def provision(admin_url: str, service: str, owner_url: str, api_url: str, worker_url: str) -> None:
    """Create or update the three roles with the passwords of their URLs, and the database. Can be run again."""
    database = make_url(owner_url).database
    engine = make_engine(admin_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for kind, url in (("owner", owner_url), ("api", api_url), ("worker", worker_url)):
            role, password = f"{service}_{kind}", str(make_url(url).password).replace("'", "''")
            exists = await connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
            verb = "ALTER" if exists else "CREATE"
            await connection.execute(
                text(f"{verb} ROLE {role} LOGIN NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD '{password}'")
            )
            for name, value in _LIMITS[kind].items():
                await connection.execute(text(f"ALTER ROLE {role} SET {name} = '{value}'"))
        await connection.execute(text(f"GRANT pg_read_all_stats TO {service}_owner"))  # for oldest_xmin_seconds()
        exists = await connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": database})
        if not exists:
            await connection.execute(
                text(f"CREATE DATABASE \"{database}\" OWNER {service}_owner TEMPLATE template0 ENCODING 'UTF8'")
            )
        await connection.execute(text(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'))
        await connection.execute(text(f'GRANT CONNECT ON DATABASE "{database}" TO {service}_api, {service}_worker'))
        # A replay's shadow tables are temporary ones of the worker's; a swap is made by the owner, who is the worker
        # while it fills them, and only while it says so.
        await connection.execute(text(f'GRANT TEMPORARY ON DATABASE "{database}" TO {service}_worker'))
        await connection.execute(text(f"GRANT {service}_worker TO {service}_owner WITH INHERIT FALSE, SET TRUE"))
    await engine.dispose()


async def upgrade(service: str, owner_url: str) -> None:
    """Bring a service's schema to the newest revision, each revision in a transaction of its own.

    Raises sqlalchemy.exc.DBAPIError where a table is not to be had for ``LOCK_SECONDS``; run again, it goes on there.
    """
    engine = make_engine(owner_url)
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
            await connection.commit()
            await connection.run_sync(_upgrade, service)
            await connection.commit()
    finally:
        await engine.dispose()


def alembic_config(service: str) -> Config:
    """Return the Alembic settings of one service: the kit's revisions and its own."""
    config = Config()
    kit = ROOT / "shared" / "store" / "migrations"
    own = ROOT / "services" / service / "migrations"
    config.set_main_option("script_location", str(kit))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{kit / 'versions'}\n{own}")
    config.attributes["service"] = service
    return config


def _upgrade(connection: Connection, service: str) -> None:
    config = alembic_config(service)
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")

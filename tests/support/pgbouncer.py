"""The real PgBouncer before a database, where this machine has it."""

from __future__ import annotations

import asyncio
import os
import pwd
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from sqlalchemy.engine import make_url

from deploy.local.process import free_port, port_is_free
from tests.support.eventually import eventually
from tests.support.programs import program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_SETTINGS = """\
[databases]
{database} = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 5
ignore_startup_parameters = jit,extra_float_digits,application_name
"""


@asynccontextmanager
async def behind_pgbouncer(url: str, mode: Literal["session", "transaction"], directory: Path) -> AsyncIterator[str]:
    """Give the URL by which a database is reached through PgBouncer. Skips the test where there is none."""
    binary, real, listen = program("pgbouncer"), make_url(url), free_port()
    settings = directory / "pgbouncer.ini"
    settings.write_text(
        _SETTINGS.format(
            database=real.database,
            host=real.host,
            port=real.port,
            user=real.username,
            password=real.password,
            listen=listen,
            mode=mode,
        )
    )
    uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None  # root it refuses to be
    silent = asyncio.subprocess.DEVNULL
    with settings.open("rb") as given:  # by its path only we can read it
        process = await asyncio.create_subprocess_exec(
            binary, "-q", "/dev/stdin", stdin=given, stdout=silent, stderr=silent, user=uid
        )

    async def listens() -> bool:
        assert process.returncode is None, f"PgBouncer ended with {process.returncode}"
        return not port_is_free(listen)

    try:
        await eventually(listens)
        yield real.set(host="127.0.0.1", port=listen).render_as_string(hide_password=False)
    finally:
        process.kill()
        await process.wait()

"""Keep the databases of a version, for later versions to be tried on: ``python -m tests.upgrade.keep FOLDER``.

It is run in a checkout of the version to be kept (where that has none yet, with this file and
``tests/integration/demo/district_folder.py`` copied into it). Two small invented districts go through the whole system:
reference data, rosters, service records, and a volunteer who signs up, checks in and out. Then each service's database
is dumped as SQL. What was kept once is never changed: it is what later code is measured against.
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

DISTRICTS = (("510199", "甲区", 60, 300), ("510198", "乙区", 30, 120))
"""Code, name, volunteers and records of each."""


def main(folder: Path) -> None:
    """Fill a system of its own and write a file of SQL for each of its databases."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        os.environ.update(_environment(directory / "state"))
        linbang = Path(sys.executable).with_name("linbang")
        for seed, (code, name, volunteers, records) in enumerate(DISTRICTS, start=1):
            _write_district(directory / code, code, name, seed, volunteers, records)
            subprocess.run([linbang, "demo", str(directory / code)], check=True)
        _dump(directory / "state", folder)


def _environment(state: Path) -> dict[str, str]:
    from deploy.local.process import free_port  # noqa: PLC0415 - as the version kept has it

    ports = ("POSTGRES", "KAFKA", "KAFKA_CONTROLLER", "SMTP", "REGISTRY", "ACTIVITIES", "ASSESSMENT", "NOTIFICATIONS")
    return {"LINBANG_STATE": str(state), **{f"{name}_PORT": str(free_port()) for name in ports}}


def _write_district(folder: Path, code: str, name: str, seed: int, volunteers: int, records: int) -> None:
    from tests.integration.demo.district_folder import write_district  # noqa: PLC0415

    write_district(folder, code, name, seed=seed, volunteers=volunteers, records=records, packed=False, expected=False)


def _dump(state: Path, folder: Path) -> None:
    """Dump what the demo has left, as rows to be inserted: any client can run them."""
    from deploy.local.postgres import Postgres  # noqa: PLC0415
    from deploy.local.postgres_programs import WHEEL  # noqa: PLC0415
    from deploy.services import SERVICES  # noqa: PLC0415

    program = shutil.which("pg_dump", path=str(WHEEL / "pginstall" / "bin")) or "pg_dump"
    server = Postgres(state / "postgres", int(os.environ["POSTGRES_PORT"]))
    server.start()
    try:
        server.wait()
        folder.mkdir(parents=True, exist_ok=True)
        for service in SERVICES:
            url = make_url(server.url).set(database=service).render_as_string(hide_password=False)
            command = [program, "--inserts", "--rows-per-insert=100", "--no-owner", "--dbname", url]
            sql = subprocess.run(command, check=True, capture_output=True).stdout
            (folder / f"{service}.sql.gz").write_bytes(gzip.compress(_for_any_client(sql), mtime=0))
    finally:
        server.stop()


def _for_any_client(sql: bytes) -> bytes:
    """Leave out what only psql understands."""
    return b"\n".join(line for line in sql.split(b"\n") if not line.startswith(b"\\"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

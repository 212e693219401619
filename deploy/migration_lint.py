"""Hold migrations against squawk's rules: ``python -m deploy.migration_lint``, which ``make lint`` runs.

Invariant: what a revision does to a filled database is looked at before it is released. Those of before this was done
are left out: they are run on new databases alone by now, or have been run.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from deploy.services import SERVICES
from shared.store.migrate import alembic_config

if TYPE_CHECKING:
    from collections.abc import Sequence

BEFORE = frozenset(
    [
        *(f"kit_{number:04}" for number in range(1, 11)),
        *(f"registry_{number:04}" for number in range(1, 8)),
        *(f"activities_{number:04}" for number in range(1, 9)),
        *(f"notifications_{number:04}" for number in range(1, 5)),
        "assessment_0001",
        "portal_0001",
    ]
)
NOT_OURS = ("prefer-robust-stmts", "prefer-bigint-over-int", "require-lock-timeout", "require-statement-timeout")
"""A revision is a transaction, or is repeated by hand; an int is a choice; the session has its limits already."""


def statements_of(service: str, revision: str) -> str:
    """Return what a revision executes, as SQL, with the transactions around it."""
    config = alembic_config(service)
    script = ScriptDirectory.from_config(config)
    written = io.StringIO()
    offline = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": written, "transaction_per_migration": True}
    )
    with (
        EnvironmentContext(config, script),
        Operations.context(offline),
        offline.begin_transaction(_per_migration=True),
    ):
        script.get_revision(revision).module.upgrade()
    return written.getvalue()


def main() -> int:
    """Write each new revision as a file of SQL, and let squawk read them. Return its exit code."""
    with TemporaryDirectory() as folder:
        return look_at([_write(Path(folder), service, revision) for service, revision in _new()])


def look_at(files: Sequence[Path]) -> int:
    """Print what squawk says of files of SQL. Return 0 where that is nothing."""
    if not files:
        return 0
    squawk = Path(sys.executable).with_name("squawk")
    options = ["--pg-version=18.0", *(f"--exclude={rule}" for rule in NOT_OURS)]
    return subprocess.run([squawk, *options, *files], check=False).returncode  # noqa: S603


def _new() -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for service in SERVICES:
        for script in ScriptDirectory.from_config(alembic_config(service)).walk_revisions():
            if script.revision not in BEFORE:
                found.setdefault(script.revision, service)
    return [(service, revision) for revision, service in sorted(found.items())]


def _write(folder: Path, service: str, revision: str) -> Path:
    file = folder / f"{revision}.sql"
    file.write_text(statements_of(service, revision), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main())

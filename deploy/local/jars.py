"""Jars of a Maven repository, by jgo: Kafka's own, and those that the portal's pages need a file of.

Invariant: every jar has the SHA-256 of its lock file; once they are in `.local/jars` no start needs the network.
"""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentBuilder, EnvironmentSpec
from jgo.env._lockfile import LockedDependency, LockFile
from jgo.maven import Artifact, MavenContext

from deploy.local.paths import JARS
from deploy.local.process import LocalError

KAFKA = Path(__file__).parent / "kafka"
_SPEC, _LOCK = "jgo.toml", "jgo.lock.toml"


def jars(folder: Path = KAFKA) -> list[Path]:
    """Give the jars of a folder's lock file, fetched where missing, each with the SHA-256 the lock file has."""
    lock = LockFile.load(folder / _LOCK)
    context = _context()
    JARS.mkdir(parents=True, exist_ok=True)
    with (JARS / ".lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # tests and a runner may fetch at the same time
        if lock.verify_checksums(JARS):
            _fetch(lock, context)
    return [_artifact(context, locked).resolve() for locked in lock.dependencies]


def write_lock(folder: Path = KAFKA) -> None:
    """Resolve a folder's jgo.toml anew and write the lock file beside it."""
    context = _context()
    spec = EnvironmentSpec.load(folder / _SPEC)
    dependencies = EnvironmentBuilder(context).spec_to_dependencies(spec)
    inputs, transitive = context.resolver.resolve(dependencies)
    wanted = [*inputs, *(each for each in transitive if each.scope in ("compile", "runtime"))]
    locked = sorted((LockedDependency.from_dependency(each) for each in wanted), key=lambda each: each.artifactId)
    LockFile(locked, environment_name=spec.name).save(folder / _LOCK)


def _fetch(lock: LockFile, context: MavenContext) -> None:
    for locked in lock.dependencies:
        path = _artifact(context, locked).cached_path
        if path and LockFile([locked]).verify_checksums(JARS):  # absent, or cut off in an earlier try
            path.unlink(missing_ok=True)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda locked: _artifact(context, locked).resolve(), lock.dependencies))
    except (requests.RequestException, RuntimeError) as error:
        raise LocalError(
            "The first start fetches jars (Kafka, htmx) from a Maven repository, and that failed. Connect this "
            "machine to the network, or name a mirror as `central` under [repositories] in ~/.config/jgo.conf, or copy "
            f".local/jars from a machine that has it.\n  {error}"
        ) from error
    if problems := lock.verify_checksums(JARS):
        raise LocalError("A jar is not the one that was locked:\n  " + "\n  ".join(problems))


def _context() -> MavenContext:
    mirrors = GlobalSettings.load().repositories
    return MavenContext(repo_cache=JARS, local_repos=[], remote_repos={"central": MAVEN_CENTRAL_URL} | mirrors)


def _artifact(context: MavenContext, locked: LockedDependency) -> Artifact:
    component = context.project(locked.groupId, locked.artifactId).at_version(locked.version)
    return component.artifact(locked.classifier or "", locked.packaging)

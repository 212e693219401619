"""Imports as registry and activities have them: how far they are, what became of each line, and of before."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.imports.domain import Service
from shared.http.upstream import File, Read, Upload, Upstream, unless_away

_ENDED = frozenset({"completed", "failed"})


class FileFault(BaseModel):
    """Why a file could not be imported, with what to do."""

    message: str


class Import(BaseModel):
    """How far an import is. Counts are of lines; ``total`` is None until the file has been read."""

    id: UUID
    kind: str
    dry_run: bool
    state: str
    faults: list[FileFault]
    total: int | None
    done: int
    accepted: int
    normalised: int
    unchanged: int
    rejected: int
    changed: int
    created_at: datetime
    completed_at: datetime | None

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in _ENDED

    @property
    def new(self) -> int:
        """How many lines are of what was not on file before."""
        return self.accepted + self.normalised - self.changed


class Imports(BaseModel):
    """A page of a service's imports, newest first."""

    items: list[Import]
    next_cursor: str | None


class Verdict(BaseModel):
    """What became of one line."""

    line: int
    verdict: str
    message: str
    change: str
    changed_fields: list[str]


class Verdicts(BaseModel):
    """A page of verdicts, in the order of the file."""

    items: list[Verdict]
    next_cursor: str | None


class Credited(BaseModel):
    """How much of an import of service records is in the ledger; what is expected is None until its end is told."""

    credited_records: int
    credited_minutes: int
    expected_records: int | None


REGISTRY_IMPORTS = Read("registry", "/v1/imports", Imports)
REGISTRY_IMPORT = Read("registry", "/v1/imports/{import_id}", Import)
REGISTRY_VERDICTS = Read("registry", "/v1/imports/{import_id}/verdicts", Verdicts)
REGISTRY_REPORT = File("registry", "/v1/imports/{import_id}/report.csv", "text/csv")
REGISTRY_UPLOAD = Upload("registry", "/v1/imports/{kind}", Import)
ACTIVITIES_IMPORTS = Read("activities", "/v1/imports", Imports)
ACTIVITIES_IMPORT = Read("activities", "/v1/imports/{import_id}", Import)
ACTIVITIES_VERDICTS = Read("activities", "/v1/imports/{import_id}/verdicts", Verdicts)
ACTIVITIES_REPORT = File("activities", "/v1/imports/{import_id}/report.csv", "text/csv")
ACTIVITIES_UPLOAD = Upload("activities", "/v1/imports/{kind}", Import)
CREDITED = Read("assessment", "/v1/imports/{import_id}/progress", Credited)
_LATEST, _A_PAGE = 10, 50


@dataclass(frozen=True, slots=True)
class Taker:
    """What is asked of a service that takes files."""

    imports: Read[Imports]
    one: Read[Import]
    verdicts: Read[Verdicts]
    report: File
    upload: Upload[Import]


TAKERS: dict[Service, Taker] = {
    "registry": Taker(REGISTRY_IMPORTS, REGISTRY_IMPORT, REGISTRY_VERDICTS, REGISTRY_REPORT, REGISTRY_UPLOAD),
    "activities": Taker(
        ACTIVITIES_IMPORTS, ACTIVITIES_IMPORT, ACTIVITIES_VERDICTS, ACTIVITIES_REPORT, ACTIVITIES_UPLOAD
    ),
}


async def latest(calls: Upstream) -> dict[Service, Imports | None]:
    """Return the last imports of each service; None where it is away."""
    found = await asyncio.gather(*(unless_away(calls.read(taker.imports, limit=_LATEST)) for taker in TAKERS.values()))
    return dict(zip(TAKERS, found, strict=True))


async def older(calls: Upstream, service: Service, cursor: str | None) -> Imports:
    """Return a page of a service's imports. Raises RefusedByServiceError and AwayError."""
    return await calls.read(TAKERS[service].imports, limit=_A_PAGE, cursor=cursor)


async def find_import(calls: Upstream, service: Service, import_id: UUID) -> tuple[Import, Credited | None]:
    """Return how far an import is, in the ledger too where it is one of service records."""
    found = await calls.read(TAKERS[service].one, import_id=import_id)
    if service != "activities" or found.dry_run:
        return found, None
    return found, await unless_away(calls.read(CREDITED, import_id=import_id))


async def find_verdicts(
    calls: Upstream, service: Service, import_id: UUID, only: str | None, cursor: str | None
) -> tuple[Import, Verdicts]:
    """Return a page of what became of the lines of an import."""
    taker = TAKERS[service]
    return await asyncio.gather(
        calls.read(taker.one, import_id=import_id),
        calls.read(taker.verdicts, import_id=import_id, only=only, cursor=cursor, limit=_A_PAGE),
    )

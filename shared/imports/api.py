"""Routes of bulk imports: upload a file, watch its job, fetch the report.

Invariant: an upload is only stored; the importer does the work. Who may upload is said by the kind.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response, params
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import RowMapping, text

from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import Answer, claim, once
from shared.http.pages import Page, RequestedPage, cursor, whole_number
from shared.http.problems import ProblemError, language_of
from shared.imports import job as jobs
from shared.imports import stored_file
from shared.imports.job import ImportKind
from shared.imports.rows import Outcome
from shared.imports.upload import Uploaded
from shared.imports.verdicts import LineVerdict, line_verdict, verdicts_after
from shared.imports.wording import kept_name, sentences
from shared.store.engine import Store

PREFIX = "/v1/imports"
MAX_UPLOAD_BYTES = 256 * 1024 * 1024
"""As much as a file may unpack to. Kept by ``shared.http.bodies.LimitBody``."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": _BINARY, "multipart/form-data": {"schema": _FORM}},
    }
}
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
_BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheet programs read the report's Chinese right


class FileFault(BaseModel):
    """Why a file could not be imported, with what to do, in Chinese and English."""

    field: str
    code: str
    message: str
    message_zh: str
    message_en: str


class ImportStatus(BaseModel):
    """How far an import is. Counts are of lines; ``total`` is null until the file has been read.

    ``changed`` are the lines, of those accepted or normalised, whose entry was on file before and differently. A
    ``dry_run`` puts nothing on file: its counts and its report say what the import would do.
    ``file_name`` is the kind and the ending of the file's name; what it was called is not kept.
    """

    id: UUID
    kind: str
    file_name: str
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


_STATUS = """
    SELECT id, kind, file_name, dry_run, state, fault, total, done, accepted, normalised, unchanged, rejected, changed,
           created_at, completed_at
    FROM import_job WHERE district = :district
"""
_ONE = text(f"{_STATUS} AND id = :id")
_SOME = text(f"{_STATUS} AND (CAST(:after AS uuid) IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit")
_VERDICTS = text("""
    SELECT verdicts FROM import_verdict
    WHERE district = :district AND import_id = :id AND first_line > :line ORDER BY first_line LIMIT 1
""")


def router(kinds: Mapping[str, ImportKind], file_key: bytes) -> APIRouter:
    """Return the import routes of a service that takes in these kinds of files."""
    routes = APIRouter(prefix=PREFIX, tags=["imports"])
    uploader = Depends(caller_with(*sorted({Role(role) for kind in kinds.values() for role in kind.roles})))

    @routes.post("/{kind}", status_code=202, response_model=ImportStatus, openapi_extra=_UPLOAD)
    async def upload_file(
        kind: str,
        request: Request,
        store: ApiStore,
        caller: Annotated[Caller, uploader],
        idempotency_key: Annotated[str | None, Header()] = None,
        dry_run: Annotated[bool, Query()] = False,
    ) -> Response:
        """Store a file (raw body or multipart field ``file``) as an import job; the answer says where to watch it.

        A ``dry_run`` says what the import would do, line by line, and does nothing.
        """
        if kind not in kinds:
            raise RefusedError(Fault("kind", Code.NOT_FOUND))
        if not caller.has(*kinds[kind].roles):
            raise ProblemError(403, "forbidden")
        uploaded = Uploaded(request)
        upload = await stored_file.take_upload(store, caller.district, file_key, uploaded.content())
        if upload is None:
            raise RefusedError(Fault("file", Code.MISSING))
        request_claim = claim(idempotency_key, kind.encode(), b"dry run" if dry_run else b"", upload.digest)
        made = False
        try:
            async with store.transaction(caller.district) as tx:

                async def create() -> Answer:
                    nonlocal made
                    name = kept_name(kind, uploaded.name)
                    job_id = await jobs.create(tx, caller.district, kind, name, upload, caller.name, dry_run=dry_run)
                    row = (await tx.execute(_ONE, {"district": caller.district, "id": job_id})).mappings().one()
                    made = True
                    return Answer.of(202, _status(file_key, row, language_of(request)))

                answer = await once(tx, caller, request_claim, create)
        finally:
            if not made:
                await stored_file.discard_upload(store, caller.district, upload.import_id, upload.pieces - 1)
        response = answer.response()
        response.headers["Location"] = f"/v1/imports/{json.loads(answer.body)['id']}"
        return response

    @routes.get("")
    async def list_imports(
        request: Request, store: ApiStore, caller: Annotated[Caller, uploader], page: RequestedPage
    ) -> Page[ImportStatus]:
        """List the district's imports, newest first."""
        (after,) = page.position(UUID) or (None,)
        async with store.transaction(caller.district) as tx:
            rows = await tx.execute(_SOME, {"district": caller.district, "after": after, "limit": page.limit})
            items = [_status(file_key, row, language_of(request)) for row in rows.mappings()]
        more = len(items) == page.limit
        return Page(items=items, next_cursor=cursor(str(items[-1].id)) if more else None)

    @routes.get("/{import_id}")
    async def show_import(
        request: Request, import_id: UUID, store: ApiStore, caller: Annotated[Caller, uploader]
    ) -> ImportStatus:
        """Say how far an import is."""
        return await _find(store, caller, file_key, import_id, language_of(request))

    _add_reading(routes, kinds, file_key, uploader)
    return routes


def _add_reading(routes: APIRouter, kinds: Mapping[str, ImportKind], file_key: bytes, uploader: params.Depends) -> None:
    """Add what came of each line: by page, and as one file."""

    @routes.get("/{import_id}/verdicts")
    async def list_verdicts(
        request: Request,
        import_id: UUID,
        store: ApiStore,
        caller: Annotated[Caller, uploader],
        page: RequestedPage,
        only: Outcome | None = None,
    ) -> Page[LineVerdict]:
        """List the verdict on each line so far, in the order of the file; ``only`` those of one kind."""
        language = language_of(request)
        (after,) = page.position(whole_number) or (0,)
        status = await _find(store, caller, file_key, import_id, language)
        async with store.transaction(caller.district) as tx:
            found = await verdicts_after(tx, caller.district, import_id, only, after, page.limit + 1)
        headers = kinds[status.kind].columns.headers if status.kind in kinds else {}
        verdicts = [line_verdict(row, headers, language) for row in found]
        return Page.of(verdicts, page.limit, lambda verdict: (str(verdict.line),))

    @routes.get("/{import_id}/report.csv", response_class=StreamingResponse, responses=_CSV)
    async def download_report(
        import_id: UUID,
        store: ApiStore,
        caller: Annotated[Caller, uploader],
        only: Outcome | None = None,
    ) -> StreamingResponse:
        """Download the verdict on each line: line, verdict, field, code, message (Chinese and English), change.

        ``change`` says of a line that is taken in whether it is ``new`` or ``changed``; ``changed_fields`` names what
        it changes, in a dry run. Of a file that could not be imported the report has a line a fault, without a number.
        """
        status = await _find(store, caller, file_key, import_id, "zh-CN")
        headers = {"Content-Disposition": f'attachment; filename="{status.kind}-{import_id}.csv"'}
        known = kinds.get(status.kind)  # a kind can have been renamed since
        report = _report(store, caller, status, only, known.columns.headers if known else {})
        return StreamingResponse(report, 200, headers, "text/csv; charset=utf-8")


async def _find(store: Store, caller: Caller, file_key: bytes, import_id: UUID, language: str) -> ImportStatus:
    async with store.transaction(caller.district) as tx:
        row = (await tx.execute(_ONE, {"district": caller.district, "id": import_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("import_id", Code.NOT_FOUND))
    return _status(file_key, row, language)


def _status(file_key: bytes, row: RowMapping, language: str) -> ImportStatus:
    faults = [_file_fault(file_key, row["id"], language, *stored) for stored in json.loads(row["fault"] or "[]")]
    return ImportStatus(faults=faults, **{name: value for name, value in row.items() if name != "fault"})


def _file_fault(file_key: bytes, import_id: UUID, language: str, field: str, code: str, sealed: str = "") -> FileFault:
    fault = Fault(field, Code(code), stored_file.open_found(file_key, import_id, sealed) if sealed else None)
    chinese, english = fault.message("zh-CN"), fault.message("en")
    message = english if language == "en" else chinese
    return FileFault(field=field, code=code, message=message, message_zh=chinese, message_en=english)


async def _report(
    store: Store, caller: Caller, status: ImportStatus, only: Outcome | None, headers: Mapping[str, str]
) -> AsyncIterator[str]:
    yield _BYTE_ORDER_MARK + "line,verdict,field,code,message,change,changed_fields\r\n"
    if only is None:
        yield _table(("", status.state, each.field, each.code, _both(each), "", "") for each in status.faults)
    line = 0
    while True:
        async with store.transaction(caller.district) as tx:
            verdicts = await tx.scalar(_VERDICTS, {"district": caller.district, "id": status.id, "line": line})
        if verdicts is None:
            return
        line = verdicts[-1][0]
        yield _table(_reported(headers, *verdict) for verdict in verdicts if only in (None, verdict[1]))


def _reported(
    headers: Mapping[str, str], number: int, outcome: str, field: str, code: str, changed: list[str] | None = None
) -> tuple[object, ...]:
    message = sentences(Fault(field, Code(code)), headers) if code else ""
    taken = outcome in (Outcome.ACCEPTED, Outcome.NORMALISED)
    change = ("new" if changed is None else "changed") if taken else ""
    return number, outcome, field, code, message, change, " ".join(changed or ())


def _both(fault: FileFault) -> str:
    return f"{fault.message_zh} / {fault.message_en}"


def _table(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()

"""Routes of bulk imports: upload a file, watch its job, fetch the report.

Invariant: an upload is only stored; the importer does the work. Who may upload is said by the kind.
"""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import RowMapping, text
from starlette.datastructures import UploadFile

from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import Answer, claim, once
from shared.http.pages import Page, RequestedPage, cursor
from shared.http.problems import ProblemError
from shared.imports import job as jobs
from shared.imports.job import ImportKind
from shared.imports.rows import Outcome
from shared.imports.wording import kept_name, sentences
from shared.store.engine import Store

PREFIX = "/v1/imports"
MAX_UPLOAD_BYTES = 64 * 1024 * 1024
"""Kept by ``shared.http.bodies.LimitBody``."""
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": _BINARY, "multipart/form-data": {"schema": _FORM}},
    }
}
_BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheet programs read the report's Chinese right


class ImportStatus(BaseModel):
    """How far an import is. Counts are of lines; ``total`` is null until the file has been read.

    ``file_name`` is the kind and the ending of the file's name; what it was called is not kept.
    """

    id: UUID
    kind: str
    file_name: str
    state: str
    faults: list[dict[str, str]]
    total: int | None
    done: int
    accepted: int
    normalised: int
    unchanged: int
    rejected: int
    created_at: datetime
    completed_at: datetime | None


_STATUS = """
    SELECT id, kind, file_name, state, fault, total, done, accepted, normalised, unchanged, rejected, created_at,
           completed_at
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
    ) -> Response:
        """Store a file (raw body or multipart field ``file``) as an import job; the answer says where to watch it."""
        if kind not in kinds:
            raise RefusedError(Fault("kind", Code.NOT_FOUND))
        if not caller.has(*kinds[kind].roles):
            raise ProblemError(403, "forbidden")
        content, name = await _uploaded(request)
        request_claim = claim(idempotency_key, kind.encode(), content)
        async with store.transaction(caller.district) as tx:

            async def create() -> Answer:
                sealed = jobs.seal_file(file_key, content)
                job_id = await jobs.create(tx, caller.district, kind, kept_name(kind, name), sealed, caller.name)
                row = (await tx.execute(_ONE, {"district": caller.district, "id": job_id})).mappings().one()
                return Answer.of(202, _status(row))

            answer = await once(tx, caller, request_claim, create)
        response = answer.response()
        response.headers["Location"] = f"/v1/imports/{json.loads(answer.body)['id']}"
        return response

    @routes.get("")
    async def list_imports(
        store: ApiStore, caller: Annotated[Caller, uploader], page: RequestedPage
    ) -> Page[ImportStatus]:
        """List the district's imports, newest first."""
        (after,) = page.position(UUID) or (None,)
        async with store.transaction(caller.district) as tx:
            rows = await tx.execute(_SOME, {"district": caller.district, "after": after, "limit": page.limit})
            items = [_status(row) for row in rows.mappings()]
        more = len(items) == page.limit
        return Page(items=items, next_cursor=cursor(str(items[-1].id)) if more else None)

    @routes.get("/{import_id}")
    async def show_import(import_id: UUID, store: ApiStore, caller: Annotated[Caller, uploader]) -> ImportStatus:
        """Say how far an import is."""
        return await _find(store, caller, import_id)

    @routes.get("/{import_id}/report.csv", response_class=StreamingResponse)
    async def download_report(
        import_id: UUID,
        store: ApiStore,
        caller: Annotated[Caller, uploader],
        only: Outcome | None = None,
    ) -> StreamingResponse:
        """Download the verdict on each line: line, verdict, field, code, message (Chinese and English)."""
        status = await _find(store, caller, import_id)
        headers = {"Content-Disposition": f'attachment; filename="{status.kind}-{import_id}.csv"'}
        known = kinds.get(status.kind)  # a kind can have been renamed since
        report = _report(store, caller, import_id, only, known.columns if known else {})
        return StreamingResponse(report, 200, headers, "text/csv; charset=utf-8")

    return routes


async def _uploaded(request: Request) -> tuple[bytes, str]:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        upload = (await request.form()).get("file")
        if not isinstance(upload, UploadFile):
            raise RefusedError(Fault("file", Code.MISSING))
        content, name = await upload.read(), upload.filename or ""
    else:
        content, name = await request.body(), ""
    if not content:
        raise RefusedError(Fault("file", Code.MISSING))
    return content, name


async def _find(store: Store, caller: Caller, import_id: UUID) -> ImportStatus:
    async with store.transaction(caller.district) as tx:
        row = (await tx.execute(_ONE, {"district": caller.district, "id": import_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("import_id", Code.NOT_FOUND))
    return _status(row)


def _status(row: RowMapping) -> ImportStatus:
    faults = [{"field": field, "code": code} for field, code in json.loads(row["fault"] or "[]")]
    return ImportStatus(faults=faults, **{name: value for name, value in row.items() if name != "fault"})


async def _report(
    store: Store, caller: Caller, import_id: UUID, only: Outcome | None, headers: Mapping[str, str]
) -> AsyncIterator[str]:
    yield _BYTE_ORDER_MARK + "line,verdict,field,code,message\r\n"
    line = 0
    while True:
        async with store.transaction(caller.district) as tx:
            verdicts = await tx.scalar(_VERDICTS, {"district": caller.district, "id": import_id, "line": line})
        if verdicts is None:
            return
        line = verdicts[-1][0]
        out = io.StringIO()
        csv.writer(out).writerows(
            (number, outcome, field, code, sentences(Fault(field, code), headers) if code else "")
            for number, outcome, field, code in verdicts
            if only in (None, outcome)
        )
        yield out.getvalue()

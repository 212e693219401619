"""The verdicts on the lines of an import, page by page.

Invariant: a page is read in the order of the file, whatever is asked for. Verdicts lie a chunk a row; of the chunks
those alone are opened that hold lines after the cursor, and no more of them than the page needs.
"""

import json
from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Code, Fault
from shared.contracts.fields import about
from shared.imports.rows import Outcome


class LineVerdict(BaseModel):
    """What became of one line of a file.

    ``change`` says of a line that is taken in whether it is ``new`` or ``changed``; ``changed_fields`` names what it
    changes, in a dry run. ``message`` says why it was rejected, in the language of the request.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "line": 17,
                    "verdict": "rejected",
                    "field": "id_number",
                    "code": "check_character",
                    "message": "身份证号：校验码不符",
                    "change": "",
                    "changed_fields": [],
                }
            ]
        }
    )

    line: int
    verdict: Outcome
    field: str
    code: str
    message: str
    change: str
    changed_fields: list[str]


_SOME = text("""
    SELECT CAST(e.verdict->>0 AS int) AS line, e.verdict->>1 AS outcome, e.verdict->>2 AS field, e.verdict->>3 AS code,
           CAST(e.verdict->4 AS text) AS changed
    FROM import_verdict v CROSS JOIN LATERAL json_array_elements(v.verdicts) WITH ORDINALITY e(verdict, place)
    WHERE v.district = :district AND v.import_id = :id
      AND v.first_line >= coalesce((SELECT max(first_line) FROM import_verdict
                                    WHERE district = :district AND import_id = :id AND first_line <= :line), 0)
      AND CAST(e.verdict->>0 AS int) > :line AND (CAST(:only AS text) IS NULL OR e.verdict->>1 = :only)
    ORDER BY v.first_line, e.place LIMIT :limit
""")


async def verdicts_after(
    tx: AsyncConnection, district: str, import_id: UUID, only: Outcome | None, line: int, limit: int
) -> list[Row[tuple[int, str, str, str, str | None]]]:
    """Return at most so many verdicts on lines after one, in the order of the file."""
    values = {"district": district, "id": import_id, "only": only, "line": line, "limit": limit}
    return list((await tx.execute(_SOME, values)).all())


def line_verdict(
    row: Row[tuple[int, str, str, str, str | None]], headers: Mapping[str, str], language: str
) -> LineVerdict:
    """Word a verdict; ``headers`` of its kind of file: header -> field."""
    chinese = {field: header for header, field in headers.items() if not header.isascii()}
    taken = row.outcome in (Outcome.ACCEPTED, Outcome.NORMALISED)
    changed = json.loads(row.changed) if row.changed else None
    return LineVerdict(
        line=row.line,
        verdict=Outcome(row.outcome),
        field=row.field,
        code=row.code,
        message=about(Fault(row.field, Code(row.code)), language, chinese) if row.code else "",
        change=("new" if changed is None else "changed") if taken else "",
        changed_fields=changed or [],
    )

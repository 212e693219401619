"""Surveys and answers on file.

Invariant: whoever enters answers holds the survey's row against its closing, so what a survey is told to have found is
all that was answered.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.surveys.domain import Answer, NewSurvey, Source, SurveyState
from services.registry.surveys.tables import need_answer, need_survey
from shared.store.event_log import new_id, now
from shared.store.statements import insert_rows

_COMMUNITIES = text("""
    SELECT code, name FROM division
    WHERE district = :district AND level = 'community'
      AND (CAST(:codes AS text[]) = '{}' OR code = ANY(CAST(:codes AS text[])))
    ORDER BY code
""")
_NEXT_NUMBER = text("SELECT coalesce(max(number), 0) + 1 FROM need_survey WHERE district = :district")
_INSERT_SURVEY = insert_rows(
    need_survey,
    [
        *("id", "number", "title", "starts_on", "ends_on", "themes", "communities", "state", "made_by", "made_at"),
        "version",
    ],
    same=["district"],
)
_INSERT_ANSWERS = insert_rows(
    need_answer,
    ["id", "survey_id", "community", "answered", "by_theme", "sheet_no"],
    same=["district", "source", "entered_by", "entered_at"],
)
_HOLD = text("""
    SELECT id, title, starts_on, ends_on, themes, communities, state FROM need_survey
    WHERE district = :district AND id = :id FOR SHARE
""")
_HOLD_NUMBERED = text("""
    SELECT id, number, starts_on, ends_on, themes, communities, state FROM need_survey
    WHERE district = :district AND number = ANY(CAST(:numbers AS int[])) FOR SHARE
""")
_SHEETS = text("""
    SELECT a.survey_id, a.sheet_no, a.community, a.answered, a.by_theme
    FROM unnest(CAST(:survey_id AS uuid[]), CAST(:sheet_no AS text[])) AS r(survey_id, sheet_no)
    JOIN need_answer a ON a.district = :district AND a.survey_id = r.survey_id AND a.sheet_no = r.sheet_no
""")
_PUT_SHEETS = insert_rows(
    need_answer,
    ["id", "survey_id", "community", "answered", "by_theme", "sheet_no"],
    same=["district", "source", "entered_by", "entered_at"],
    conflict="""(district, survey_id, sheet_no) DO UPDATE
        SET community = excluded.community, answered = excluded.answered, by_theme = excluded.by_theme,
            entered_by = excluded.entered_by, entered_at = excluded.entered_at""",
)
_REACHED = text("""
    SELECT EXISTS (SELECT FROM station WHERE district = :district AND id = ANY(CAST(:units AS uuid[]))
                   AND starts_with(:community, division_code))
""")
_OPEN = text("""
    UPDATE need_survey s SET state = 'open', version = s.version + 1
    FROM unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)
    WHERE s.district = r.district AND s.id = r.id AND s.state = 'planned'
    RETURNING s.*
""")
_CLOSE = text("""
    UPDATE need_survey s SET state = 'closed', version = s.version + 1
    FROM unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)
    WHERE s.district = r.district AND s.id = r.id AND s.state = 'open'
    RETURNING s.*
""")
_LOCK = text("""
    SELECT id, state, starts_on FROM need_survey WHERE district = :district AND id = :id FOR UPDATE
""")
_END_ON = text("""
    UPDATE need_survey SET ends_on = least(ends_on, CAST(:day AS date)) WHERE district = :district AND id = :id
""")
_CALL_OFF = text("""
    UPDATE need_survey SET state = 'closed', version = version + 1
    WHERE district = :district AND id = :id AND state = 'planned'
""")
_SHEET = text("""
    SELECT community, answered, by_theme, taken_back_at FROM need_answer
    WHERE district = :district AND survey_id = :survey_id AND id = :id AND source <> 'public'
""")
_TAKE_BACK = text("""
    UPDATE need_answer SET taken_back_at = :at, taken_back_by = :by, reason = :reason
    WHERE district = :district AND id = :id
""")
_COUNT_VERSION = text("""
    UPDATE need_survey SET version = version + 1 WHERE district = :district AND id = :id RETURNING *
""")
_TAKEN_BACK = text("""
    SELECT a.survey_id, a.sheet_no
    FROM unnest(CAST(:survey_id AS uuid[]), CAST(:sheet_no AS text[])) AS r(survey_id, sheet_no)
    JOIN need_answer a ON a.district = :district AND a.survey_id = r.survey_id AND a.sheet_no = r.sheet_no
    WHERE a.taken_back_at IS NOT NULL
""")
_FOUND = text("""
    WITH wanted AS (SELECT * FROM unnest(CAST(:districts AS text[]), CAST(:ids AS uuid[])) AS r(district, id)),
    a AS (
        SELECT n.survey_id, n.community, sum(n.answered) AS answered
        FROM wanted r JOIN need_answer n ON n.district = r.district AND n.survey_id = r.id
        WHERE n.taken_back_at IS NULL GROUP BY 1, 2
    ), t AS (
        SELECT n.survey_id, n.community, e.key AS theme, sum(CAST(e.value AS int)) AS people
        FROM wanted r JOIN need_answer n ON n.district = r.district AND n.survey_id = r.id,
             jsonb_each_text(n.by_theme) e
        WHERE n.taken_back_at IS NULL GROUP BY 1, 2, 3
    )
    SELECT a.survey_id, a.community, a.answered, t.theme, t.people
    FROM a LEFT JOIN t ON t.survey_id = a.survey_id AND t.community = a.community AND t.people > 0
    ORDER BY 1, 2, 4
""")


async def communities(tx: AsyncConnection, district: str, codes: Collection[str]) -> dict[str, str]:
    """Return the district's communities of these codes, all where none is named: code -> name, by code."""
    rows = await tx.execute(_COMMUNITIES, {"district": district, "codes": list(codes)})
    return {row.code: row.name for row in rows}


async def insert_survey(tx: AsyncConnection, district: str, new: NewSurvey, made_by: str, at: datetime) -> UUID:
    """Put a survey on file under the district's next number; return its id. The district is locked by the caller."""
    survey_id = new_id()
    row = {
        "id": survey_id,
        "number": await tx.scalar(_NEXT_NUMBER, {"district": district}),
        "title": new.title,
        "starts_on": new.starts_on,
        "ends_on": new.ends_on,
        "themes": json.dumps(new.themes),
        "communities": json.dumps(new.communities, ensure_ascii=False),
        "state": SurveyState.PLANNED,
        "made_by": made_by,
        "made_at": at,
        "version": 0,
    }
    await tx.execute(_INSERT_SURVEY, {"district": district, **{name: [value] for name, value in row.items()}})
    return survey_id


async def hold_survey(tx: AsyncConnection, district: str, survey_id: UUID) -> Row[Any] | None:
    """Return a survey that is to be answered, and hold it against its closing to the commit."""
    return (await tx.execute(_HOLD, {"district": district, "id": survey_id})).one_or_none()


async def hold_numbered(tx: AsyncConnection, district: str, numbers: Collection[int]) -> dict[int, Row[Any]]:
    """Return the surveys of these numbers, and hold them against their closing to the commit."""
    rows = await tx.execute(_HOLD_NUMBERED, {"district": district, "numbers": list(numbers)})
    return {row.number: row for row in rows}


SheetKey = tuple[UUID, str]
"""A survey's id, and the number of a sheet of it."""


async def sheets_on_file(tx: AsyncConnection, district: str, wanted: Collection[SheetKey]) -> dict[SheetKey, Answer]:
    """Return those of these sheets that are on file."""
    rows = await tx.execute(_SHEETS, _sheets(district, wanted))
    return {(row.survey_id, row.sheet_no): Answer(row.community, row.answered, row.by_theme) for row in rows}


async def taken_back(tx: AsyncConnection, district: str, wanted: Collection[SheetKey]) -> set[SheetKey]:
    """Return those of these sheets that were taken back."""
    rows = await tx.execute(_TAKEN_BACK, _sheets(district, wanted))
    return {(row.survey_id, row.sheet_no) for row in rows}


def _sheets(district: str, wanted: Collection[SheetKey]) -> dict[str, object]:
    return {
        "district": district,
        "survey_id": [survey_id for survey_id, _ in wanted],
        "sheet_no": [sheet_no for _, sheet_no in wanted],
    }


async def put_sheets(tx: AsyncConnection, district: str, sheets: Mapping[SheetKey, Answer], entered_by: str) -> None:
    """Put the sheets of a file on file; one that is there already says what the file says."""
    await tx.execute(
        _PUT_SHEETS,
        {
            "district": district,
            "source": Source.FILE,
            "entered_by": entered_by,
            "entered_at": now(),
            "id": [new_id() for _ in sheets],
            "survey_id": [survey_id for survey_id, _ in sheets],
            "sheet_no": [sheet_no for _, sheet_no in sheets],
            "community": [answer.community for answer in sheets.values()],
            "answered": [answer.answered for answer in sheets.values()],
            "by_theme": [json.dumps(dict(answer.by_theme)) for answer in sheets.values()],
        },
    )


async def reaches_community(tx: AsyncConnection, district: str, units: Collection[UUID], community: str) -> bool:
    """Return whether one of the units is a station of the community, or of the town or street that it belongs to."""
    values = {"district": district, "units": list(units), "community": community}
    return bool(await tx.scalar(_REACHED, values))


async def insert_answer(
    tx: AsyncConnection, district: str, survey_id: UUID, answer: Answer, source: Source, entered_by: str | None
) -> UUID:
    """Put an answer on file and return its id; ``entered_by`` is an account, None for the public."""
    answer_id = new_id()
    row = {
        "id": answer_id,
        "survey_id": survey_id,
        "community": answer.community,
        "answered": answer.answered,
        "by_theme": json.dumps(dict(answer.by_theme)),
        "sheet_no": None,
    }
    same = {"district": district, "source": source, "entered_by": entered_by, "entered_at": now()}
    await tx.execute(_INSERT_ANSWERS, {**same, **{name: [value] for name, value in row.items()}})
    return answer_id


async def lock_survey(tx: AsyncConnection, district: str, survey_id: UUID) -> Row[Any] | None:
    """Return a survey that is to be changed, and lock it; whoever was entering an answer has done so."""
    return (await tx.execute(_LOCK, {"district": district, "id": survey_id})).one_or_none()


async def end_on(tx: AsyncConnection, district: str, survey_id: UUID, day: date) -> None:
    """Let a survey's last day be this one, unless it is over already."""
    await tx.execute(_END_ON, {"district": district, "id": survey_id, "day": day})


async def call_off(tx: AsyncConnection, district: str, survey_id: UUID) -> None:
    """Close a survey that has not begun: nobody was told of it."""
    await tx.execute(_CALL_OFF, {"district": district, "id": survey_id})


async def find_sheet(tx: AsyncConnection, district: str, survey_id: UUID, answer_id: UUID) -> Row[Any] | None:
    """Return a sheet of a survey that is locked; what the public has answered is none."""
    values = {"district": district, "survey_id": survey_id, "id": answer_id}
    return (await tx.execute(_SHEET, values)).one_or_none()


async def take_back(
    tx: AsyncConnection, district: str, key: tuple[UUID, UUID], reason: str, by: str, at: datetime
) -> Row[Any]:
    """Let a sheet count no more; ``key``: its survey and its id. Return the survey in its next version."""
    survey_id, answer_id = key
    await tx.execute(_TAKE_BACK, {"district": district, "id": answer_id, "reason": reason, "by": by, "at": at})
    return (await tx.execute(_COUNT_VERSION, {"district": district, "id": survey_id})).one()


async def open_surveys(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Open those of these (district, id) that are planned; return them."""
    return (await tx.execute(_OPEN, _keys(asked))).all()


async def close_surveys(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Sequence[Row[Any]]:
    """Close those of these (district, id) that are open; return them. Whoever was entering an answer has done so."""
    return (await tx.execute(_CLOSE, _keys(asked))).all()


Found = tuple[dict[str, int], dict[str, dict[str, int]]]
"""What a survey has found: community -> people who answered; community -> theme -> people who need it."""


async def found_by(tx: AsyncConnection, asked: Sequence[tuple[str, UUID]]) -> Mapping[UUID, Found]:
    """Return what surveys (district, id) have found until now; one that nobody has answered has found nothing."""
    found: dict[UUID, Found] = {survey_id: ({}, {}) for _, survey_id in asked}
    for row in await tx.execute(_FOUND, _keys(asked)):
        answered, by_theme = found[row.survey_id]
        answered[row.community] = row.answered
        if row.theme is not None:
            by_theme.setdefault(row.community, {})[row.theme] = row.people
    return found


def _keys(asked: Sequence[tuple[str, UUID]]) -> dict[str, object]:
    return {"districts": [district for district, _ in asked], "ids": [one for _, one in asked]}

"""The forms of publishing and changing: what they hold, and where a service's fault stands in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, Field

from services.portal.publishing.domain import MOST_ROWS, MOST_WEEKS, ShiftRow, all_shifts
from services.portal.shell.forms import LongText, ShortText, faults_of
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole
from shared.http.upstream import RefusedByServiceError

_Column = Annotated[list[ShortText], Field(max_length=MOST_ROWS)]
"""What was typed into one field of every row."""
_OF_A_SHIFT = re.compile(r"shifts\.(\d+)\.(starts_at|ends_at|capacity)")
_FIELDS = {"starts_at": "day", "ends_at": "ends", "capacity": "capacity"}
TEXTS = ("title", "service", "place", "person_in_charge", "risk_text", "description")


class TextForm(BaseModel):
    """What is said of an activity."""

    title: LongText = ""
    service: ShortText = ""
    place: LongText = ""
    person_in_charge: LongText = ""
    risk_text: LongText = ""
    description: LongText = ""
    key: ShortText = ""
    version: ShortText = ""

    def texts(self) -> dict[str, str]:
        """Return the text as activities wants it."""
        return self.model_dump(include=set(TEXTS))


class PublishForm(TextForm):
    """A whole activity; each of the lists holds one value a row of the shifts."""

    station: ShortText = ""
    dangerous: ShortText = ""
    """``yes`` where it is ticked."""
    day: _Column = []
    starts: _Column = []
    ends: _Column = []
    capacity: _Column = []
    weeks: ShortText = "1"
    needs: Annotated[list[ShortText], Field(max_length=MOST_ROWS)] = []
    """Kinds of qualification that whoever comes must hold."""
    do: ShortText = "publish"
    draft: ShortText = ""
    """The draft that it is kept as; ``version`` is that draft's."""

    def rows(self) -> list[ShiftRow]:
        """Return the rows of the shifts, at least one."""
        columns = (self.day, self.starts, self.ends, self.capacity)
        count = max(1, *map(len, columns))
        filled = (column + [""] * (count - len(column)) for column in columns)
        return [ShiftRow(*values) for values in zip(*filled, strict=True)]

    @property
    def week_count(self) -> int:
        """For how many weeks the rows are repeated, the first included."""
        return min(max(whole(self.weeks) or 1, 1), MOST_WEEKS)

    def missing(self, language: str) -> dict[str, str]:
        """Return what activities could not even be asked about, field by field."""
        said = Fault("", Code.MISSING).message(language)
        found = {} if self.station else {"station": said}
        rows = enumerate(self.rows())
        return found | {f"{name}-{number}": said for number, row in rows for name in row.missing}

    def body(self, *, complete: bool) -> dict[str, object]:
        """Return it as activities wants it; without shifts, which is refused, where a row is not complete."""
        shifts = all_shifts(self.rows(), self.week_count) if complete else []
        kept_as = {"id": self.draft, "version": number_of(self.version)} if self.draft else None
        return {
            "station": self.station,
            **self.texts(),
            "dangerous": self.dangerous == "yes",
            "shifts": shifts,
            "needs": self.needs,
            "kept_as": kept_as,
        }

    def draft_body(self) -> dict[str, object]:
        """Return it as activities keeps it: as it was typed."""
        shifts = [asdict(row) for row in self.rows() if row != ShiftRow()]
        said: dict[str, object] = {"station": self.station, **self.texts(), "dangerous": self.dangerous}
        body = {**said, "shifts": shifts, "weeks": self.weeks, "needs": self.needs}
        return {**body, "version": number_of(self.version)} if self.draft else body


def form_of(
    station: str,
    texts: Mapping[str, str],
    rows: Sequence[ShiftRow],
    *,
    dangerous: str = "",
    weeks: str = "1",
    needs: Sequence[str] = (),
    draft: str = "",
    version: str = "",
) -> PublishForm:
    """Return the form filled in."""
    return PublishForm(
        **texts,
        station=station,
        dangerous=dangerous,
        day=[row.day for row in rows],
        starts=[row.starts for row in rows],
        ends=[row.ends for row in rows],
        capacity=[row.capacity for row in rows],
        weeks=weeks,
        needs=list(needs),
        draft=draft,
        version=version,
    )


def publishing_faults(refused: RefusedByServiceError, rows: Sequence[ShiftRow]) -> dict[str, str]:
    """Return a refusal's sentences by the fields of the form: shift n of a repeated row is that row."""
    found: dict[str, str] = {}
    for field, sentence in faults_of(refused).items():
        of_shift = _OF_A_SHIFT.fullmatch(field)
        name = f"{_FIELDS[of_shift[2]]}-{(whole(of_shift[1]) or 0) % len(rows)}" if of_shift else field
        found.setdefault(name, sentence)
    return found


def shift_faults(refused: RefusedByServiceError) -> dict[str, str]:
    """Return a refusal's sentences by the fields of the form of one shift."""
    return {_FIELDS.get(field, field): sentence for field, sentence in faults_of(refused).items()}


def in_order(faults: Mapping[str, str], labels: Sequence[str]) -> dict[str, str]:
    """Return faults in the order of the form's fields; those of no field come last."""
    place = {name: number for number, name in enumerate(labels)}
    return dict(sorted(faults.items(), key=lambda fault: place.get(fault[0], len(place))))


def number_of(version: str) -> int:
    """Return the version that a form holds; what is none is no version that anything has had."""
    return whole(version) or 1

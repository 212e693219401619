"""One file of the corpus, and the two people (or records) whom most of them are about."""

from collections.abc import Callable
from dataclasses import dataclass

from services.activities.records.record_import import COLUMNS as RECORD_COLUMNS
from services.activities.records.record_import import SERVICE_RECORDS
from services.registry.people.roster_import import COLUMNS as ROSTER_COLUMNS
from services.registry.people.roster_import import HOLDS
from shared.imports.columns import Columns

ROSTER = Columns(ROSTER_COLUMNS | {field: field for field in ROSTER_COLUMNS.values()}, HOLDS)
RECORDS = SERVICE_RECORDS.columns
HEADER = list(ROSTER_COLUMNS)
ENGLISH_HEADER = list(ROSTER_COLUMNS.values())
RECORD_HEADER = list(RECORD_COLUMNS)
ANNA = [
    "51011570000001", "阮语桐", "女", "519900199512088201", "17190090060", "a.ruan@example.org", "居民",
    "510115-ORG-01", "510115-TEAM-001", "law;tax", "civic", "510115001001", "2025-03-01",
]  # fmt: skip
BO = [
    "51011570000002", "龙·扎西", "男", "51990019960314823X", "13800000000", "", "党员", "", "", "", "", "",
    "2024-11-30",
]  # fmt: skip
MORNING = [
    "R-0001", "51011570000001", "510115-STA-01", "清扫", "environment", "2022-03-01T09:00:00", "2022-03-01T11:00:00",
    "120", "5",
]  # fmt: skip
EVENING = [
    "R-0002", "51011570000002", "510115-STA-01", "学雷锋", "civic", "2022-03-02T18:30:00", "2022-03-02T20:00:00", "90",
    "",
]  # fmt: skip
OK = "2 ok", "3 ok"
"""Both lines are read, and say what they should."""


@dataclass(frozen=True)
class Case:
    """A file. ``expected`` is a verdict a line (``2 ok``, ``3 team broken_cell``) or ``refused <code>`` alone.

    ``ok`` means that the line's values are exactly those of the person or record who stands there.
    """

    name: str
    program: str
    """Who makes such a file, and how."""
    make: Callable[[], bytes]
    expected: tuple[str, ...] = OK
    columns: Columns = ROSTER
    people: tuple[list[str], ...] = (ANNA, BO)
    """Who stands in the lines that are ``ok``, in their order."""


def changed(person: list[str], **values: str) -> list[str]:
    """Return a person with other values, by field."""
    fields = ROSTER.fields if len(person) == len(ROSTER.fields) else RECORDS.fields
    return [values.get(field, value) for field, value in zip(fields, person, strict=True)]

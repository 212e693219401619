"""The feature rows that the product is measured by, each with the tests that show it: ``docs/features.md``.

Invariant: which test shows which row stands beside the test (``@pytest.mark.row(24)``) and nowhere else, so a row
whose test is gone, or was never written, is seen in the page. What a row still lacks is said here, in ``lacks``, until
it is there.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that a district, a city or an operator needs."""

    number: int
    area: str
    what: str
    lacks: str = ""


def _rows(area: str, *rows: tuple[int, str] | tuple[int, str, str]) -> list[Row]:
    return [Row(number, area, *words) for number, *words in rows]


ROWS = (
    *_rows(
        "Registry",
        (
            1,
            "A volunteer is registered by themselves or by an organisation, with the fields of Order 67 article 5",
        ),
        (2, "A volunteer number is issued, never derived from the ID number, and unique across districts"),
        (3, "The ID number is encrypted, masked wherever shown, checked, and refused a second time by a blind index"),
        (4, "A roster of 27,300 is taken in: counts by category exact, a verdict a line, and again changes nothing"),
        (5, "Minors need a guardian's consent, and go on no activity with danger"),
        (6, "Consents by purpose and version; a withdrawal stops that processing within a minute"),
        (7, "One sees, exports and corrects one's own data, and closes the account; hours stay"),
        (
            8,
            "Staff read a minor's data with an approval alone, and it is in the access log",
        ),
        (9, "Guiding bodies, organisations, 84 teams of three classes with head teams, joint operators of the centre"),
        (10, "Towns and communities; a station belongs to a community"),
        (11, "The six-haves as a versioned standard, with evidence, assessor and expiry"),
        (
            12,
            "Stable team, long-term activities and fixed recipients are worked out, and a lapse is told",
            "recipients and projects themselves",
        ),
        (13, "Targets of the network with progress, forecast and what is overdue"),
        (14, "Students are proposed to stations, fairly and explained; everybody accepts or declines"),
        (15, "After declines the accepted stay; the plan does not depend on the order of its input"),
        (16, "A qualification expires: its holder is told 30 days before, and signs up to nothing that needs it"),
        (17, "Rules are read and accepted, per version"),
        (18, "Individual volunteers: list, contact, suggested teams, training material with receipts"),
        (19, "Two entries of one person become one, without losing or doubling an hour, and back"),
        (20, "Recipients, whose sensitive categories are read by assigned case workers alone"),
    ),
    *_rows(
        "Activities",
        (21, "Plan, project, activity, shift; themes", "plans, projects and themes"),
        (22, "Nothing is published without risks, place, person in charge and places, or for the past"),
        (23, "First come, apply and select, or a draw", "applying and drawing"),
        (24, "Never more people than places, whoever asks at once, over several instances"),
        (25, "The same request again is one sign-up with one answer"),
        (26, "A waiting list moves up with a date to answer by; groups stay together or not at all"),
        (27, "What overlaps is refused, whoever organises it", "across districts"),
        (28, "Who may come is looked at when signing up and again at the start"),
        (29, "Late withdrawals and no-shows are told apart", "limits a year"),
        (30, "A series, with one sign-up for all of it and exceptions on holidays"),
        (31, "Checking in and out by QR, by six digits, by the list", "by location"),
        (32, "A list without a network: signed, synced later, whatever the clocks said"),
        (33, "A forgotten check-out is flagged, never credited by itself"),
        (34, "No activity with danger begins unless everybody is insured"),
        (35, "Help is asked for, verified, given out, taken, rated"),
        (36, "Requests of departments reach qualified teams alone"),
        (37, "Projects of city and province: taken on with a quota, done, reported, cancelled"),
        (38, "Salons and training: with sign-up, without hours"),
        (39, "A rush of sign-ups on two cores, places exact", "3,000 requests a second (docs/performance.md)"),
        (40, "Emergency activities: a command unit, quickly open, the same records"),
    ),
    *_rows(
        "Assessment",
        (41, "The ledger is only added to: credit, reversal, correction, with provenance; balances are its sums"),
        (42, "Rules of hours by district; an entry says by which version", "the cap of a day"),
        (43, "Records are due ten working days after the end; who is late is seen"),
        (44, "A claim of correction has a date and a decision; both values are kept", "certificates"),
        (45, "Invented hours are noticed, and held until a second person decides"),
        (46, "Hours that staff add need a second person; nobody credits themselves"),
        (47, "Spot checks that can be repeated, with their results and sanctions"),
        (48, "Quality is rated by recipient, organiser and oneself", "weights of raters"),
        (49, "Stars at 100, 300, 600, 1,000 and 1,500 hours, exact at the boundary", "selection for the fifth"),
        (50, "The assessment of 5 December: frozen, the same whenever it is run", "freezing"),
        (51, "A whole district is assessed within a minute"),
        (52, "Publicity with masked names, objections, the nomination upward"),
        (53, "A certificate, free of charge, by the organisation that keeps the records"),
        (54, "Anybody verifies a certificate, and learns nothing else"),
        (55, "Any figure is made again from the events, to the same result", "certificates"),
    ),
    *_rows(
        "Notifications",
        (56, "Wordings, channels, quiet hours, and what one wants by purpose", "text messages and WeChat"),
        (57, "Reminders a day and three hours before, and of changes, each once"),
        (58, "Minors' guardians are told too; a consent withdrawn ends it"),
    ),
    *_rows(
        "Platform",
        (59, "A second district by configuration alone, fenced off by the database", "serving in two with one number"),
        (60, "Killing anything at any moment loses and doubles nothing"),
        (61, "A projection is made again from its events, beside the living one, and equals it"),
        (62, "Reporting upward with receipts, reconciled to zero every night"),
        (63, "Lag, age of the outbox, dead letters: measured, alerted, redriven"),
        (64, "Once a person is erased no personal data is to be found, and totals replay equal"),
    ),
)


def page(tests: Path, note: str) -> str:
    """Return ``docs/features.md``, with a note below its title; ``tests`` is the folder whose marks are read."""
    shown = shown_by(tests)
    parts = [
        "# Feature rows",
        note,
        "Each row with the tests that show it (`@pytest.mark.row(24)` beside the test); without one it is not there.",
        f"{sum(row.number in shown for row in ROWS)} of {len(ROWS)} rows have a test.",
    ]
    for area, rows in groupby(ROWS, attrgetter("area")):
        parts += [f"## {area}", "\n".join(_table(rows, shown))]
    return "\n\n".join(parts) + "\n"


def _table(rows: Iterable[Row], shown: Mapping[int, list[str]]) -> Iterator[str]:
    yield "| row | what | shown by | lacks |"
    yield "|---:|---|---|---|"
    for row in rows:
        tests = "<br>".join(shown.get(row.number, ["**no test**"]))
        yield f"| {row.number} | {row.what} | {tests} | {row.lacks} |"


def shown_by(tests: Path) -> dict[int, list[str]]:
    """Return, of each row that has any, its tests as links. Raises ValueError where a mark names no row."""
    shown = defaultdict(list)
    for path in sorted(tests.rglob("test_*.py")):
        for name, number in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            if number not in {row.number for row in ROWS}:
                raise ValueError(f"{path}: {name} shows row {number}, which is none")
            shown[number].append(f"[{name.removeprefix('test_')}](../{path.relative_to(tests.parent)})")
    return dict(shown)


def _marks(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the names of tests with the numbers of the rows that their decorators name."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.row":
                    yield from ((node.name, ast.literal_eval(number)) for number in decorator.args)

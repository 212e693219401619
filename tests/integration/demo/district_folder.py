"""A small invented district in the form of the sample, and its figures worked out apart from any code under test."""

import csv
import gzip
import io
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

CHINA = timezone(timedelta(hours=8))
YEAR, SINCE, UNTIL = 2025, date(2024, 12, 5), date(2025, 12, 5)
CATEGORIES = ["university_student"] * 12 + ["civil_servant", "retired_teacher", "professional", "resident", "resident"]
SERVICES = ("elderly", "tutoring", "culture", "environment")
STAR_MINUTES = (6000, 18000, 36000, 60000, 90000)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_CHECK = "10X98765432"


@dataclass
class Record:
    number: int
    volunteer: str
    station: str
    service: str
    started_at: datetime
    minutes: int
    rating: int | None


def write_district(
    folder: Path, code: str, name: str, *, seed: int, volunteers: int, records: int, packed: bool, expected: bool
) -> None:
    """Write a district's folder; ``seed`` also keeps its people apart from those of another seed."""
    chance = random.Random(seed)
    people = [(f"{code}{serial:08d}", chance.choice(CATEGORIES)) for serial in range(1, volunteers + 1)]
    served = _records(chance, code, people, records)
    organisations = [f"{code}-ORG-{serial:02d}" for serial in (1, 2)]
    folder.mkdir(parents=True)
    _write(
        folder / "divisions.csv",
        ("code", "level", "name", "parent_code"),
        [
            (code, "county", name, code),
            (f"{code}001", "township", "东街街道", code),
            (f"{code}001001", "community", "一里社区", f"{code}001"),
            (f"{code}001002", "community", "二里社区", f"{code}001"),
        ],
    )
    _write(
        folder / "organisations.csv",
        ("code", "name", "kind", "lon", "lat"),
        [
            (organisation, f"协会{organisation[-2:]}", "district_association", "103.8", "30.7")
            for organisation in organisations
        ],
    )
    _write(
        folder / "stations.csv",
        ("code", "name", "level", "division_code", "lon", "lat", "opened_on", "volunteer_quota", "demand_by_service"),
        [
            (
                station,
                f"{name}{station[-2:]}站",
                level,
                f"{code}001001",
                "103.8",
                "30.7",
                "2024-03-05",
                "100",
                "elderly:5",
            )
            for station, level in zip(_stations(code), ("centre", "station", "station"), strict=True)
        ],
    )
    _write(
        folder / "teams.csv",
        ("code", "name", "kind", "organisation_code", "station_code", "focus_service"),
        [
            (f"{code}-TEAM-001", "志愿总队", "university", organisations[0], "", "event"),
            (f"{code}-TEAM-002", "助老队", "community", organisations[1], _stations(code)[1], "elderly"),
        ],
    )
    suffix = ".csv.gz" if packed else ".csv"
    _write(folder / f"volunteers{suffix}", *_roster(code, people, organisations, seed))
    _write(
        folder / f"service_records{suffix}",
        (
            *("record_no", "volunteer_no", "station_code", "activity", "service"),
            *("started_at", "ended_at", "minutes", "recipient_rating"),
        ),
        [_line(code, record) for record in served],
    )
    if expected:
        _write_expected(folder / "expected", people, served)


def _stations(code: str) -> list[str]:
    return [f"{code}-STA-{serial:02d}" for serial in range(3)]


def _records(chance: random.Random, code: str, people: Sequence[tuple[str, str]], count: int) -> list[Record]:
    """A session a day and person at most, so that nobody is in two places at once; the first person serves most."""
    days = [date(2024, 10, 1) + timedelta(days=day) for day in range(430)]
    busy = [(people[0][0], day) for day in chance.sample(days, 45)]
    others = {(chance.choice(people[1 : len(people) * 4 // 5])[0], chance.choice(days)) for _ in range(2 * count)}
    slots = [*busy, *chance.sample(sorted(others), count - len(busy))]
    return [
        Record(
            number=number,
            volunteer=volunteer,
            station=chance.choice(_stations(code)),
            service=chance.choice(SERVICES),
            started_at=datetime(day.year, day.month, day.day, chance.randrange(7, 15), tzinfo=CHINA),
            minutes=180 if volunteer == people[0][0] else 30 * chance.randrange(1, 9),
            rating=chance.choice((None, None, 3, 4, 5)),
        )
        for number, (volunteer, day) in enumerate(sorted(slots, key=lambda slot: slot[1]), start=1)
    ]


def _line(code: str, record: Record) -> tuple[str, ...]:
    return (
        f"SR{code}{record.number:08d}",
        record.volunteer,
        record.station,
        "社区活动",
        record.service,
        record.started_at.isoformat(),
        (record.started_at + timedelta(minutes=record.minutes)).isoformat(),
        str(record.minutes),
        str(record.rating or ""),
    )


def _roster(
    code: str, people: Sequence[tuple[str, str]], organisations: Sequence[str], seed: int
) -> tuple[Sequence[str], list[Sequence[str]]]:
    header = (
        "志愿者编号 姓名 性别 身份证号 手机号码 电子邮箱 人员类别 所属组织 所属服务队 特长 服务意向 居住社区 注册日期"
    )
    lines: list[Sequence[str]] = [
        (
            number,
            f"王{chr(0x4E00 + seed)}{chr(0x4E00 + serial)}",
            "男",
            id_number(date(1960 + seed, 1, 1) + timedelta(days=serial)),
            f"17{seed:01d}{serial:08d}",
            f"d{code}v{serial}@example.org",
            category,
            organisations[0] if category == "university_student" else organisations[1],
            f"{code}-TEAM-001" if category == "university_student" else "",
            "law",
            "elderly;culture",
            f"{code}001001",
            "2024-03-01",
        )
        for serial, (number, category) in enumerate(people, start=1)
    ]
    return header.split(), lines


def id_number(born: date) -> str:
    """Return a right ID number of a man with the unassigned area code."""
    first = f"519900{born:%Y%m%d}001"
    return first + _CHECK[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def _write_expected(folder: Path, people: Sequence[tuple[str, str]], served: Sequence[Record]) -> None:
    """By the rules of the data README, one person after the other."""
    folder.mkdir()
    of: dict[str, list[Record]] = defaultdict(list)
    for record in served:
        of[record.volunteer].append(record)
    rows, groups = [], defaultdict(list)
    for number, category in people:
        if not of[number]:
            continue
        lifetime = sum(record.minutes for record in of[number])
        year = [record for record in of[number] if SINCE <= record.started_at.date() < UNTIL]
        minutes, months = (
            sum(record.minutes for record in year),
            len({(r.started_at.year, r.started_at.month) for r in year}),
        )
        rows.append(
            (number, category, minutes, len(year), lifetime, sum(lifetime >= needed for needed in STAR_MINUTES))
        )
        if minutes >= 20 * 60 and months >= 3:
            group = "university_student" if category == "university_student" else "other"
            groups[group].append((-_score(year, minutes, months), -minutes, -len(year), number))
    nominated = [
        (group, rank, number)
        for group in ("university_student", "other")
        for rank, (*_, number) in enumerate(sorted(groups[group])[: ceil(Fraction(len(groups[group]), 100))], start=1)
    ]
    in_window = [record for record in served if SINCE <= record.started_at.date() < UNTIL]
    totals: dict[str, Any] = {
        "year": YEAR,
        "volunteers_with_records": len(rows),
        "in_window": {"records": len(in_window), "minutes": sum(record.minutes for record in in_window)},
        "lifetime_minutes": sum(record.minutes for record in served),
        "eligible": sum(map(len, groups.values())),
        "nominated": len(nominated),
        "stars": {str(level): sum(row[-1] == level for row in rows) for level in range(6)},
    }
    (folder / "expected_totals.json").write_text(json.dumps(totals))
    names = ("volunteer_no", "category", "minutes", "sessions", "lifetime_minutes", "stars")
    _write(folder / "expected_volunteers.csv", names, rows)
    _write(folder / "expected_nominations.csv", ("group", "rank", "volunteer_no"), nominated)


def _score(year: Sequence[Record], minutes: int, months: int) -> Decimal:
    ratings = [record.rating for record in year if record.rating]
    rating = Fraction(sum(ratings) + 12, len(ratings) + 3)
    score = 60 * min(Fraction(minutes, 6000), Fraction(1)) + Fraction(20 * min(months, 12), 12) + 5 * (rating - 1)
    return (Decimal(score.numerator) / Decimal(score.denominator)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)

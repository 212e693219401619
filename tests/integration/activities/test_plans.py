"""What the pages ask for is looked up by index, however many districts there are.

Two hundred districts lie in the tables, as in a province, and years of shifts in the one that is asked for. Plans are
looked at, not times: whatever reads all rows of a table, or all of the past, fails here on any machine.
"""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import TextClause, text

from services.activities.attendance import roster
from services.activities.needs import queries as needs
from services.activities.publishing import organised, public
from services.activities.timetable import calendar_entries, calendar_feed, open_shifts, sign_ups
from shared.store.event_log import now
from tests.integration.activities.conftest import DISTRICT, Activities

_TABLES = ("known_station", "known_volunteer", "activity", "shift", "sign_up", "service_record", "calendar_feed")
_FILL = (
    """
    CREATE TEMPORARY TABLE place AS
    SELECT lpad((d + 510000)::text, 6, '0') AS district, n, md5(d || ':' || n)::uuid AS id
    FROM generate_series(1, 200) d, generate_series(1, 40) n
    """,
    "INSERT INTO known_station (district, id, code, name, version, division_code)"
    " SELECT district, id, 'S' || n, 'S', 1, district || n FROM place WHERE n <= 10",
    "INSERT INTO known_volunteer (district, id, number, version) SELECT district, id, district || n, 1 FROM place",
    "INSERT INTO place SELECT '510115', -n, md5('past' || n)::uuid FROM generate_series(1, 5000) n",
    """
    INSERT INTO activity (district, id, title, service, station_id, place, person_in_charge, risk_text, description,
                          published_by, published_at, version)
    SELECT district, id, '读书会', 'culture', md5(district::int - 510000 || ':' || abs(n) % 10 + 1)::uuid, '站', '人',
           '险', '', 'account:' || abs(n) % 500, now(), 1
    FROM place
    """,
    """
    INSERT INTO shift (district, id, activity_id, starts_at, ends_at, capacity, taken)
    SELECT district, md5(id::text || s)::uuid, id, now() + (n + s - 30) * interval '1 day',
           now() + (n + s - 30) * interval '1 day' + interval '2 hours', 20, 2
    FROM place, generate_series(1, 2) s
    """,
    """
    INSERT INTO sign_up (district, id, shift_id, volunteer_id, state, queue_number, version, starts_at, ends_at)
    SELECT p.district, md5(p.id::text || 'u' || s.id)::uuid, s.id, p.id, 'confirmed', p.n, 1, s.starts_at, s.ends_at
    FROM place p JOIN shift s ON s.district = p.district AND s.starts_at > now() - interval '40 days'
    WHERE p.n BETWEEN 1 AND 3 AND ascii(right(s.id::text, 1)) % 2 = p.n % 2
    """,
    """
    INSERT INTO service_record (district, id, record_no, volunteer_id, station_id, activity, service, started_at,
                                ended_at, minutes, provenance, sign_up_id, digest, version)
    SELECT district, id, id::text, volunteer_id, id, '', 'culture', now(), now() + interval '1 hour',
           60, 'leader', id, '', 1
    FROM sign_up
    """,
    "INSERT INTO calendar_feed SELECT district, id, decode(md5(id::text), 'hex'), now() FROM place",
)


def reads(plan: dict[str, Any]) -> list[tuple[str, float]]:
    """Return each table or index that a plan reads and how, and how many rows or places in it were looked at."""
    below = [read for part in plan.get("Plans", ()) for read in reads(part)]
    name = plan.get("Relation Name", plan.get("Index Name"))
    if name is None:
        return below
    rows = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return [(f"{plan['Node Type']} {name}", max(rows, plan.get("Index Searches", 0))), *below]


@pytest.fixture
async def province(activities: Activities) -> Activities:
    """In each of 200 districts 40 activities about now, with two shifts and people on them; in one 5,000 past ones."""
    await activities.as_owner(
        *(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in _TABLES),
        *_FILL,
        *(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in _TABLES),
        *(f"ANALYZE {table}" for table in _TABLES),
    )
    return activities


WANTED = {"start": None, "end": None, "station_id": None, "service": None, "has_places": True, "text": ""}
PAGE = {"after": None, "after_id": None, "limit": 51}
MINE = {"volunteer_id": UUID(int=0)}
REACH = {"everything": True, "name": "account:1", "units": [], "station_id": None}
STATES = {"serving": ["attending"], "upcoming": ["confirmed"], "waiting": ["waiting"]}
OF_ALL_TIME = {"counts of a district's activities", "a district's activities", "a leader's past activities"}
"""They look at every activity that the district had, and at its shifts to tell what was cancelled."""
BY_START = {
    *("open activities", "figures", "what one may take", "a district's activities"),
    "what is planned in communities",
}
ABOUT_NOW, EVERY_SHIFT = 500, 10_080
_REAL = text("""
    SELECT volunteer_id, shift_id, activity_id AS id, now() AS start, now() + interval '7 days' AS end
    FROM sign_up u JOIN shift s ON s.id = u.shift_id WHERE u.district = '510115' LIMIT 1
""")
"""What is asked for, with something to find."""
_READS: dict[str, tuple[TextClause, dict[str, Any]]] = {
    "open activities": (public._OPEN_ACTIVITIES, WANTED | PAGE),
    "one activity": (public._ONE_ACTIVITY, {"id": UUID(int=0)}),
    "figures": (public._FIGURES, {}),
    "what one may take": (open_shifts._TO_TAKE, WANTED | PAGE | MINE | {"taking_up": ["confirmed", "waiting"]}),
    "my sign-ups": (sign_ups._NEXT_FIRST, PAGE | MINE | STATES | {"listed": "upcoming"}),
    "counts of a district's activities": (organised._COUNTS, REACH | {"every_draft": True, "stations": []}),
    "a district's activities": (organised._NEXT_FIRST, REACH | PAGE | {"state": "open"}),
    "a leader's past activities": (organised._LAST_FIRST, REACH | PAGE | {"state": "ended", "everything": False}),
    "what is planned in communities": (
        needs._PLANNED,
        {"until": now() + needs.AHEAD, "communities": ["5101151", "5101152"]},
    ),
    "a roster's counts": (roster._COUNTS, {"shift_id": UUID(int=0)}),
    "a roster": (
        roster._ENTRIES,
        {"shift_id": UUID(int=0), "states": None, "last_four": None, "after": 0, "limit": 51},
    ),
    "a calendar's volunteer": (calendar_feed._WHOSE, {"token_hash": b"x"}),
    "a calendar": (calendar_entries._ALL, MINE | {"kept": calendar_entries._KEPT, "most": 500}),
}


async def test_no_read_looks_at_all_rows_of_a_table(province: Activities) -> None:
    async with province.stores[0].transaction(DISTRICT) as tx:
        real = (await tx.execute(_REAL)).mappings().one()
    for name, (statement, values) in _READS.items():
        bound = {"district": DISTRICT, **values, **{key: real[key] for key in real.keys() & values.keys()}}
        async with province.stores[0].transaction(DISTRICT) as tx:
            plan = await tx.scalar(text(f"EXPLAIN (FORMAT JSON, ANALYZE) {statement.text}"), bound)
        plan = json.loads(plan) if isinstance(plan, str) else plan
        found = reads(plan[0]["Plan"])
        print(f"{name}: {plan[0]['Execution Time']:.2f} ms")  # noqa: T201 - figures to read, with pytest -s
        assert not any(how.startswith("Seq Scan") for how, _ in found), f"{name}: {found}"
        assert name not in BY_START or any("shift_by_start" in how for how, _ in found), f"{name}: {found}"
        most = EVERY_SHIFT if name in OF_ALL_TIME else ABOUT_NOW
        assert max(looked_at for _, looked_at in found) <= most, f"{name}: {found}"

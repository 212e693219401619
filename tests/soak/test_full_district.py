"""27,300 volunteers: what is live equals what events say, also while more events flow in, and a forgery is found.

``make soak``; the rates it prints are of the machine that it runs on.
"""

import asyncio
import time
from contextlib import suppress

import pytest

from tests.soak.conftest import SERVICES, District

VICTIM = "SELECT record_id, volunteer_id, minutes FROM ledger_entry WHERE kind = 'credit' ORDER BY record_id LIMIT 1"


@pytest.mark.parametrize("service", SERVICES)
def test_live_and_replayed_projections_are_equal_at_rest(district: District, service: str) -> None:
    district.run(district.settled())
    code, output = district.run(district.linbang(service, "compare"))
    assert code == 0, output


def test_and_while_500_events_a_second_flow_in(district: District) -> None:
    async def compared() -> dict[str, int]:
        during = {}
        flowing = asyncio.create_task(district.flow())
        started, before = time.monotonic(), district.written
        try:
            for service in SERVICES:
                written = district.written
                code, output = await district.linbang(service, "compare")
                assert code == 0, output
                during[service] = district.written - written
            assert not flowing.done(), flowing.exception()
        finally:
            rate = (district.written - before) / (time.monotonic() - started)
            print(f"{rate:.0f} events a second flowed in")  # noqa: T201
            flowing.cancel()
            with suppress(asyncio.CancelledError):
                await flowing
        return during

    during = district.run(compared())
    assert all(during.values()), during
    district.run(district.settled())
    for service in SERVICES:
        code, output = district.run(district.linbang(service, "compare"))
        assert code == 0, output


def test_a_ledger_row_that_a_superuser_edits_is_found_and_the_explanation_shows_the_truth(district: District) -> None:
    [row] = district.run(district.rows("assessment", VICTIM))
    volunteer = str(row["volunteer_id"])
    code, truth = district.run(district.linbang("assessment", "explain", volunteer))
    assert code == 0, truth
    district.run(
        district.as_superuser(
            "assessment",
            "ALTER TABLE ledger_entry DISABLE TRIGGER append_only",
            f"UPDATE ledger_entry SET minutes = minutes + 600 WHERE record_id = '{row['record_id']}'",
            "ALTER TABLE ledger_entry ENABLE TRIGGER append_only",
        )
    )
    code, output = district.run(district.linbang("assessment", "compare"))
    assert code == 1, output
    assert f"minutes is {row['minutes'] + 600}, events say {row['minutes']}" in output
    assert "rows that differ: 1" in output
    code, output = district.run(district.linbang("assessment", "explain", volunteer))
    assert code == 1, output
    assert f"the ledger's credit is {row['minutes'] + 600}" in output
    assert _figure(output) == _figure(truth)


def _figure(output: str) -> str:
    return output.split("minutes by events ")[1].split(",", maxsplit=1)[0]

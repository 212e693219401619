"""An importer is killed in the middle of a roster: nobody is lost, nobody is there twice."""

import signal

import pytest
from sqlalchemy import text

from tests.integration.registry.conftest import Registry, roster, roster_line
from tests.support.eventually import eventually, running

LINES = 6_000  # in chunks of 5,000
EACH_ONCE = """
    SELECT count(*) AS volunteers, count(DISTINCT blind_index) AS persons, count(DISTINCT number) AS numbers,
           (SELECT count(*) FROM event_log e WHERE e.district = v.district AND e.type LIKE '%VolunteerRegistered%')
               AS events,
           (SELECT count(*) FROM roster_line) AS left_over
    FROM volunteer v WHERE district = :district GROUP BY district
"""


@pytest.mark.parametrize(
    ("district", "failpoint"),
    [("510121", "import.before_commit:kill9@2"), ("510122", "import.after_chunk:kill9@1")],
)
async def test_a_killed_import_is_finished_by_the_next_importer(
    idle_registry: Registry, district: str, failpoint: str
) -> None:
    registry = idle_registry
    async with running(registry.relay().run):
        async with running(registry.importer().run):
            await registry.open(district)
        lines = [roster_line(serial, district=district) for serial in range(LINES)]
        lines.append(lines[0] | {"number": f"{district}99999999"})  # the same person in the last chunk as in the first
        location = await registry.upload(district, "roster", roster(lines))
        with registry.process("worker", failpoint=failpoint) as process:

            async def killed() -> bool:
                return process.poll() is not None

            await eventually(killed)
            assert process.returncode == -signal.SIGKILL
        status = await registry.status(district, location)
        assert status["state"] == "running"
        assert 0 < status["done"] < LINES
        async with registry.worker.transaction() as tx:  # the lease goes by
            await tx.execute(text("UPDATE work SET lease_until = clock_timestamp() WHERE claimed_at IS NOT NULL"))
        async with running(registry.importer().run):

            async def completed() -> bool:
                status = await registry.status(district, location)
                return bool(status["state"] == "completed")

            await eventually(completed)
    status = await registry.status(district, location)
    assert (status["done"], status["accepted"], status["rejected"]) == (LINES + 1, LINES, 1)
    report = await registry.report(district, location)
    assert [int(line["line"]) for line in report] == list(range(2, LINES + 3))
    assert (report[-1]["field"], report[-1]["code"]) == ("id_number", "duplicate_in_file")
    assert [tuple(row) for row in await registry.rows(EACH_ONCE, district=district)] == [(LINES,) * 4 + (0,)]

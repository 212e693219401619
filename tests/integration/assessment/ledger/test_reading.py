"""The ledger as it is shown: a volunteer's entries, and how far an import is."""

from shared.store.event_log import new_id
from tests.integration.assessment.events import corrected, imported
from tests.integration.assessment.reading import Reading, served


async def test_the_ledger_shows_every_entry_once_latest_service_first_on_pages_of_any_size(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer()
    early = served(volunteer_id, 60, "2025-01-01T09:00+08:00", rating=5)
    late = served(volunteer_id, 90, "2025-02-01T09:00+08:00")
    same_time = served(volunteer_id, 30, "2025-02-01T09:00+08:00")
    correction, voiding = corrected(early, 50), corrected(early, 0, previous=50, version=3)
    await assessment.handle(early, late, same_time)
    await assessment.handle(correction)
    await assessment.handle(voiding)
    path = f"/v1/volunteers/{volunteer_id}/ledger"
    entries = await assessment.auditor.pages(path)
    told = [(entry["kind"], entry["minutes"], entry["event_id"]) for entry in entries]
    assert sorted(told[:2]) == sorted(
        [("credit", 90, str(late.attributes.id)), ("credit", 30, str(same_time.attributes.id))]
    )
    assert told[2:] == [
        ("reversal", -50, str(voiding.attributes.id)),
        ("correction", 50, str(correction.attributes.id)),
        ("reversal", -60, str(correction.attributes.id)),
        ("credit", 60, str(early.attributes.id)),
    ]
    assert entries[-1]["record_id"] == str(early.data.record_id)
    assert (entries[-1]["provenance"], entries[-1]["rating"]) == ("leader", 5)
    for limit in (1, 2, 5, 6):
        assert await assessment.auditor.pages(path, limit=limit) == entries


async def test_the_progress_of_an_import(assessment: Reading) -> None:
    volunteer_id, import_id = await assessment.volunteer(), new_id()
    path = f"/v1/imports/{import_id}/progress"

    async def progress() -> tuple[int, int, int | None, int | None, bool]:
        told = await assessment.auditor.get(path)
        assert told["import_id"] == str(import_id)
        return (
            told["credited_records"],
            told["credited_minutes"],
            told["expected_records"],
            told["expected_minutes"],
            told["closed"],
        )

    records = [served(volunteer_id, 60, import_id=import_id) for _ in range(2)]
    assert await progress() == (0, 0, None, None, False)
    await assessment.handle(records[0])
    assert await progress() == (1, 60, None, None, False)
    await assessment.handle(imported(records, import_id))
    assert await progress() == (1, 60, 2, 120, False)
    await assessment.handle(records[1])
    assert await progress() == (2, 120, 2, 120, True)

from tests.integration.registry.conftest import REFERENCE_FILES, Registry, sample


async def test_importing_reference_data_again_changes_nothing(registry: Registry) -> None:
    before = await registry.rows("SELECT count(*) FROM event_log")
    for kind in REFERENCE_FILES:
        status = await registry.take_in("510115", kind, sample(f"{kind}.csv"))
        assert (status["accepted"], status["normalised"], status["rejected"]) == (0, 0, 0)
        assert status["unchanged"] == status["total"]
    assert await registry.rows("SELECT count(*) FROM event_log") == before

"""How deliveries stand, over HTTP."""

from shared.store.event_log import new_id
from tests.integration.notifications.conftest import AsCaller, Post, handle, signed_up


async def test_staff_see_how_deliveries_stand_in_their_district(post: Post, as_caller: AsCaller) -> None:
    await handle(post, [signed_up(new_id()), signed_up(new_id())])
    summary = "/v1/deliveries/summary"
    answer = await as_caller(None, role="auditor").get(summary)
    assert [(count["channel"], count["state"], count["deliveries"]) for count in answer.json()] == [
        ("email", "queued", 2),
        ("in_app", "sent", 2),
    ]
    assert (await as_caller(None, role="auditor", district="510104").get(summary)).json() == []
    assert (await as_caller(new_id()).get(summary)).status_code == 403

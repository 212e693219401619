"""Signing up under load: capacity exact, order kept, everybody answered."""

import asyncio
from collections import Counter, deque
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from services.activities.signing_up.api import SignUps, groups
from services.activities.signing_up.commands import SignUpRequest, open_shift, sign_up
from shared.contracts.actor import Reach, Scope
from shared.http.auth import Caller
from shared.http.group_commit import Waiting, next_group
from shared.http.idempotency import Answer, Claim
from shared.store import event_log
from shared.store.event_log import new_id
from tests.integration.activities.conftest import DISTRICT, Activities, in_turn

_MINUTE = timedelta(minutes=1)


def caller(volunteer_id: UUID, account: UUID | None = None) -> Caller:
    account_id = account or volunteer_id
    return Caller(
        name=f"account:{account_id}",
        account_id=account_id,
        district=DISTRICT,
        scope=Scope(frozenset([DISTRICT])),
        roles=frozenset({"volunteer"}),
        reach=Reach.OWN,
        volunteer_id=volunteer_id,
    )


async def ask(sign_ups: SignUps, volunteer: UUID, shift_id: UUID, claim: Claim | None) -> Answer:
    """Ask for a place as the route does."""
    who = caller(volunteer)
    return await sign_ups.ask(who, shift_id, claim, SignUpRequest(who, (volunteer,)))


@pytest.mark.row(24, 39)
async def test_a_rush_over_two_instances_fills_the_shift_exactly(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(300)
    shift_id = await activities.shift(capacity=20)
    # Everybody asks twice at once, of different instances.
    requests = [
        activities.volunteer(volunteer, instance).send("POST", f"/v1/shifts/{shift_id}/sign-ups")
        for volunteer in volunteers
        for instance in (0, 1)
    ]
    responses = await asyncio.gather(*requests)

    assert Counter(response.status_code for response in responses) == {201: 300, 409: 300}
    answers = [response.json() for response in responses if response.status_code == 201]
    assert Counter(answer["state"] for answer in answers) == {"confirmed": 20, "waiting": 280}
    assert sorted(answer["queue_number"] for answer in answers) == list(range(1, 301))
    waiting = sorted((a["queue_number"], a["position"]) for a in answers if a["state"] == "waiting")
    assert waiting == [(20 + position, position) for position in range(1, 281)]

    on_file = await activities.rows("SELECT volunteer_id, state, queue_number FROM sign_up ORDER BY queue_number")
    assert {row.volunteer_id for row in on_file} == set(volunteers)
    assert [row.state for row in on_file] == ["confirmed"] * 20 + ["waiting"] * 280
    assert len(await activities.events("VolunteerSignedUp")) == 20
    waitlisted = await activities.events("VolunteerWaitlisted")
    assert [event["queue_number"] for event in waitlisted] == list(range(21, 301))
    assert [event["position"] for event in waitlisted] == list(range(1, 281))
    assert {event["activity_title"] for event in waitlisted} == {"社区读书会"}
    assert len(await activities.rows("SELECT 1 FROM outbox")) == 301  # and the activity's own event


async def test_a_refusal_does_not_touch_its_neighbours(activities: Activities) -> None:
    await activities.know_station()
    first, second, third = await activities.know_volunteers(3)
    shift_id = await activities.shift(capacity=1)
    sign_ups = groups(activities.stores[0])
    used = Claim("used", b"one")
    await ask(sign_ups, first, shift_id, used)
    results = await asyncio.gather(
        ask(sign_ups, second, shift_id, None),
        ask(sign_ups, first, shift_id, None),
        ask(sign_ups, new_id(), shift_id, None),
        ask(sign_ups, first, shift_id, used),
        ask(sign_ups, first, shift_id, Claim("used", b"another")),
        ask(sign_ups, third, shift_id, None),
        return_exceptions=True,
    )
    assert [result.status if isinstance(result, Answer) else str(result) for result in results] == [
        201,
        "shift_id:already_signed_up",
        "volunteer_id:unknown_reference",
        201,
        "idempotency-key-reused",
        201,
    ]
    replayed = results[3]
    assert isinstance(replayed, Answer)
    assert replayed.replayed
    assert len(await activities.rows("SELECT 1 FROM sign_up")) == 3


@pytest.mark.row(25)
async def test_a_repeat_with_the_same_key_gives_the_same_answer(activities: Activities) -> None:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    first, second = await activities.shift(), await activities.shift()
    here, there = activities.volunteer(volunteer), activities.volunteer(volunteer, instance=1)
    path = f"/v1/shifts/{first}/sign-ups"
    responses = await asyncio.gather(*(account.send("POST", path, key="k1") for account in (here, there, here, there)))
    assert [response.status_code for response in responses] == [201] * 4
    assert len({response.content for response in responses}) == 1
    assert sum("Idempotent-Replayed" in response.headers for response in responses) == 3

    reused = await here.send("POST", f"/v1/shifts/{second}/sign-ups", key="k1")
    assert (reused.status_code, reused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert len(await activities.events("VolunteerSignedUp")) == 1


async def test_a_refused_request_may_use_its_key_again(activities: Activities) -> None:
    await activities.know_station()
    shift_id = await activities.shift()
    stranger = new_id()
    account = activities.volunteer(stranger)
    path = f"/v1/shifts/{shift_id}/sign-ups"
    assert (await account.send("POST", path, key="k1")).json()["faults"][0]["code"] == "unknown_reference"
    async with activities.worker.transaction() as tx:
        await tx.execute(text(f"INSERT INTO known_volunteer VALUES ('{DISTRICT}', '{stranger}', 'V1', 1)"))
    assert (await account.send("POST", path, key="k1")).status_code == 201


async def test_one_key_for_two_shifts_at_once_is_taken_once(activities: Activities) -> None:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    shifts = [await activities.shift() for _ in range(8)]
    requests = [
        activities.volunteer(volunteer, number % 2).send("POST", f"/v1/shifts/{shift}/sign-ups", key="k1")
        for number, shift in enumerate(shifts)
    ]
    statuses = Counter(response.status_code for response in await asyncio.gather(*requests))
    assert statuses == {201: 1, 422: 7}
    assert len(await activities.rows("SELECT 1 FROM sign_up")) == 1
    assert len(await activities.events("VolunteerSignedUp")) == 1


async def test_whoever_hangs_up_does_not_break_the_group(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(40)
    shift_id = await activities.shift(capacity=40)
    sign_ups = groups(activities.stores[0])
    tasks = [asyncio.create_task(ask(sign_ups, volunteer, shift_id, None)) for volunteer in volunteers]
    await asyncio.sleep(0)  # all of them wait now
    for task in tasks[::4]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    answered = [result for result in results if isinstance(result, Answer)]
    assert len(answered) == 30
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::4])
    on_file = await activities.rows("SELECT 1 FROM sign_up")
    (shift,) = (await activities.leader.get("/v1/activities"))["items"][0]["shifts"]
    assert shift["capacity"] - shift["free_places"] == len(on_file) == 30


async def test_a_failed_transaction_is_told_to_everybody_and_the_next_group_goes_on(
    activities: Activities, monkeypatch: pytest.MonkeyPatch
) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(10)
    shift_id = await activities.shift()
    sign_ups = groups(activities.stores[0])
    with monkeypatch.context() as broken:

        async def fail(*_: object) -> None:
            raise ConnectionError("the database is away")

        broken.setattr(event_log, "append", fail)
        results = await asyncio.gather(
            *(ask(sign_ups, volunteer, shift_id, None) for volunteer in volunteers), return_exceptions=True
        )
    assert {type(result) for result in results} == {ConnectionError}
    assert not await activities.rows("SELECT 1 FROM sign_up")
    again = await asyncio.gather(*(ask(sign_ups, volunteer, shift_id, None) for volunteer in volunteers))
    assert [answer.status for answer in again] == [201] * 10


async def test_a_shift_of_another_district_is_not_there(activities: Activities) -> None:
    await activities.know_station()
    shift_id = await activities.shift()
    (stranger,) = await activities.know_volunteers(1, "510116")
    account = activities.account("volunteer", volunteer_id=stranger, district="510116")
    response = await account.send("POST", f"/v1/shifts/{shift_id}/sign-ups")
    assert (response.status_code, response.json()["faults"][0]["code"]) == (404, "not_found")


async def test_a_place_that_is_given_back_is_offered_to_the_first_who_waits(activities: Activities) -> None:
    await activities.know_station()
    people = [activities.volunteer(volunteer) for volunteer in await activities.know_volunteers(4)]
    shift_id = await activities.shift(capacity=2)
    signed_up = await in_turn(people, f"/v1/shifts/{shift_id}/sign-ups")
    assert [answer["position"] for answer in signed_up] == [None, None, 1, 2]

    for _ in range(2):  # the second time changes nothing
        assert (await people[0].send("DELETE", f"/v1/sign-ups/{signed_up[0]['sign_up_id']}")).status_code == 204
    mine = (await people[2].get("/v1/me/sign-ups"))["items"]
    assert [(item["state"], item["position"]) for item in mine] == [("offered", None)]
    for _ in range(2):  # the second time changes nothing
        await in_turn([people[2]], f"/v1/sign-ups/{signed_up[2]['sign_up_id']}/accept")
    mine = (await people[2].get("/v1/me/sign-ups"))["items"]
    assert [(item["state"], item["position"]) for item in mine] == [("confirmed", None)]
    assert [item["position"] for item in (await people[3].get("/v1/me/sign-ups"))["items"]] == [1]
    (promoted,) = await activities.events("SignUpPromoted")
    assert promoted["sign_up_id"] == signed_up[2]["sign_up_id"]
    assert len(await activities.events("SignUpWithdrawn")) == 1

    await people[3].send("DELETE", f"/v1/sign-ups/{signed_up[3]['sign_up_id']}")
    await people[1].send("DELETE", f"/v1/sign-ups/{signed_up[1]['sign_up_id']}")
    (shift,) = (await people[0].get("/v1/activities"))["items"][0]["shifts"]
    assert (shift["free_places"], shift["waiting"]) == (1, 0)
    assert len(await activities.events("SignUpPromoted")) == 1

    again = (await people[0].send("POST", f"/v1/shifts/{shift_id}/sign-ups")).json()
    assert (again["state"], again["queue_number"]) == ("confirmed", 5)


async def test_places_stay_exact_while_people_come_and_go(activities: Activities) -> None:
    await activities.know_station()
    people = await activities.know_volunteers(60)
    shift_id = await activities.shift(capacity=10)

    async def come_and_go(number: int, volunteer: UUID) -> None:
        account = activities.volunteer(volunteer, number % 2)
        answer = (await account.send("POST", f"/v1/shifts/{shift_id}/sign-ups")).json()
        if number % 3 == 0:
            response = await account.send("DELETE", f"/v1/sign-ups/{answer['sign_up_id']}")
            assert response.status_code == 204

    await asyncio.gather(*(come_and_go(number, volunteer) for number, volunteer in enumerate(people)))
    rows = await activities.rows("SELECT state, queue_number FROM sign_up ORDER BY queue_number")
    states = Counter("held" if row.state in ("confirmed", "offered") else row.state for row in rows)
    assert states == {"held": 10, "waiting": 30, "withdrawn": 20}
    last_held = max(row.queue_number for row in rows if row.state in ("confirmed", "offered"))
    assert last_held < min(row.queue_number for row in rows if row.state == "waiting")


async def test_one_withdraws_only_ones_own_and_only_before_the_start(activities: Activities) -> None:
    await activities.know_station()
    mine, other = [activities.volunteer(volunteer) for volunteer in await activities.know_volunteers(2)]
    shift_id = await activities.shift()
    (answer,) = await in_turn([mine], f"/v1/shifts/{shift_id}/sign-ups")
    path = f"/v1/sign-ups/{answer['sign_up_id']}"
    assert (await other.send("DELETE", path)).status_code == 404
    await activities.move_shift(shift_id, -_MINUTE)
    response = await mine.send("DELETE", path)
    assert (response.status_code, response.json()["faults"][0]["code"]) == (422, "too_late")


async def test_the_leader_sees_who_comes_in_order(activities: Activities) -> None:
    await activities.know_station()
    people = await activities.know_volunteers(5)
    shift_id = await activities.shift(capacity=3)
    path = f"/v1/shifts/{shift_id}/sign-ups"
    await in_turn([activities.volunteer(volunteer) for volunteer in people], path)
    first = await activities.leader.get(f"{path}?limit=3")
    rest = await activities.leader.get(f"{path}?limit=3&cursor={first['next_cursor']}")
    items = first["items"] + rest["items"]
    assert [item["volunteer_no"] for item in items] == ["V1", "V2", "V3", "V4", "V5"]
    assert [item["state"] for item in items] == ["confirmed"] * 3 + ["waiting"] * 2
    assert rest["next_cursor"] is None
    assert (await activities.volunteer(people[0]).send("GET", path)).status_code == 403
    assert (await activities.leader.send("GET", f"{path}?cursor=WzFd")).status_code == 422


async def test_a_request_alone_carries_its_trace_into_its_event(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(2)
    shift_id = await activities.shift()
    traces = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    for volunteer, trace in zip(volunteers, traces, strict=True):
        await activities.volunteer(volunteer).send(
            "POST", f"/v1/shifts/{shift_id}/sign-ups", headers={"traceparent": trace}
        )
    rows = await activities.rows("SELECT traceparent FROM event_log WHERE topic LIKE '%sign-up' ORDER BY position")
    assert [row.traceparent for row in rows] == traces


async def test_requests_that_one_transaction_decides_carry_each_its_own_trace(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(5)
    shift_id = await activities.shift()
    group = [
        SignUpRequest(caller(one), (one,), f"00-{number:032x}-{number:016x}-01")
        for number, one in enumerate(volunteers, 1)
    ]
    async with activities.stores[0].transaction(DISTRICT) as tx:
        await sign_up(tx, DISTRICT, await open_shift(tx, DISTRICT, shift_id, group), group)
    rows = await activities.rows("SELECT traceparent FROM event_log WHERE topic LIKE '%sign-up' ORDER BY position")
    assert [row.traceparent for row in rows] == [request.traceparent for request in group]


def test_a_key_is_not_twice_in_one_group() -> None:
    loop = asyncio.new_event_loop()
    account = new_id()

    def request(claim: Claim | None) -> Waiting[None]:
        return Waiting(caller(account, account), claim, None, loop.create_future())

    same = Claim("k", b"1")
    waiting = deque([request(None), request(same), request(None), request(same), request(None)])
    assert [len(next_group(waiting)), len(next_group(waiting))] == [3, 2]
    loop.close()


async def test_somebody_without_a_volunteer_id_cannot_sign_up(activities: Activities) -> None:
    refused = await activities.account("volunteer").send("POST", f"/v1/shifts/{new_id()}/sign-ups")
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (403, "volunteer_id")

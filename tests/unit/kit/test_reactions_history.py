"""History of one step is projected, where it applies it, and nothing is decided about it; what is live comes after."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from shared.contracts import Event, ServiceCorrected, ServiceLogged, StationRegistered
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction, Reactions
from shared.messaging.subscription import EVER, Subscriptions
from shared.store.projection import ProjectedTable, Projection

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
done: list[tuple[str, list[Any], Any]] = []


async def project(_: Any, events: Sequence[Received[Any]]) -> str:
    done.append(("project", list(events), None))
    return f"changed {len(events)}"


async def decide(_: Any, events: Sequence[Received[Any]], changed: Any) -> None:
    done.append(("decide", list(events), changed))


TALLY = Projection("tally", (ProjectedTable("tally"),), project)


def of(event: type[Event], after: timedelta) -> Received[Any]:
    attributes = Attributes(uuid4(), event.event_type(), SINCE + after, "subject", 1, "510115")
    return Received(attributes, event.model_construct())


OLD, NEW = (-timedelta(seconds=1)), timedelta()


async def react(reactions: Reactions, *events: Received[Any]) -> list[tuple[str, list[Any], Any]]:
    done.clear()
    since = dict.fromkeys(reactions.events, SINCE)
    await reactions.react(None, events, Subscriptions(since).is_history)  # type: ignore[arg-type]
    return list(done)


async def test_history_is_projected_first_and_only_what_is_live_is_decided_about() -> None:
    reactions = Reactions("assessment", [Reaction(ServiceLogged, projects=TALLY, decides=decide)])
    live, history = of(ServiceLogged, NEW), of(ServiceLogged, OLD)
    assert await react(reactions, live, history) == [
        ("project", [history], None),
        ("project", [live], None),
        ("decide", [live], "changed 1"),
    ]


async def test_a_batch_without_history_is_one_call_each() -> None:
    reactions = Reactions("assessment", [Reaction(ServiceLogged, projects=TALLY, decides=decide)])
    live = [of(ServiceLogged, NEW), of(ServiceLogged, NEW)]
    assert await react(reactions, *live) == [("project", live, None), ("decide", live, "changed 2")]


async def test_history_that_is_ignored_comes_to_nobody() -> None:
    ignoring = Reaction(ServiceLogged, projects=TALLY, decides=decide, history=History.IGNORE)
    assert await react(Reactions("assessment", [ignoring]), of(ServiceLogged, OLD)) == []


async def test_of_two_steps_each_has_its_own_history() -> None:
    other = Projection("other", (ProjectedTable("other"),), project)
    reactions = Reactions(
        "assessment",
        [
            Reaction(ServiceLogged, projects=TALLY),
            Reaction(ServiceLogged, projects=other, decides=decide, history=History.IGNORE),
            Reaction(ServiceCorrected, projects=TALLY, history=History.IGNORE),
        ],
    )
    logged, corrected = of(ServiceLogged, OLD), of(ServiceCorrected, OLD)
    assert await react(reactions, corrected, logged) == [("project", [logged], None)]
    assert reactions.history_of(ServiceLogged) is History.APPLY
    assert reactions.history_of(ServiceCorrected) is History.IGNORE


def test_a_type_is_handled_since_ever_where_its_history_is_applied_else_since_its_subscription() -> None:
    reactions = Reactions(
        "assessment",
        [
            Reaction(ServiceLogged, projects=TALLY),
            Reaction(StationRegistered, decides=decide, history=History.IGNORE),
        ],
    )
    subscriptions = Subscriptions(dict.fromkeys(reactions.events, SINCE))
    assert subscriptions.handled_from(reactions, ServiceLogged) == EVER
    assert subscriptions.handled_from(reactions, StationRegistered) == SINCE

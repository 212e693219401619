"""What an operator orders over HTTP is carried out as the command does it, whoever dies meanwhile."""

import pytest
from sqlalchemy import text

from shared.contracts.operations import NO_DISTRICT
from shared.http.dead_letters import Action
from shared.messaging.dead_letter_orders import order, order_work
from shared.messaging.fault_kinds import is_transient
from shared.work.worker import Worker
from tests.integration.messaging.conftest import Wire
from tests.integration.messaging.test_consumer import parked
from tests.integration.messaging.test_dead_letters import actions, arrived, chain, park, states
from tests.support.eventually import eventually, running
from tests.support.tally import MENDED_REACTIONS

BY = "account:019c2f6e-6f1a-7c3e-9a51-000000000001"


async def carry_out(wire: Wire) -> None:
    """Let a worker with the mended code do all that is ordered."""

    async def is_done() -> bool:
        async with wire.worker.transaction() as tx:
            return not await tx.scalar(text("SELECT count(*) FROM work"))

    async with running(Worker(wire.worker, [order_work(MENDED_REACTIONS, wire.prefix)], {}, is_transient).run):
        assert await eventually(is_done)


@pytest.mark.row(63)
async def test_what_is_ordered_of_one_record_is_done_to_all_of_its_key_in_log_order(wire: Wire) -> None:
    events, others = chain(3), chain(2)
    letters = await park(wire, *events, *others)
    async with wire.api.transaction(NO_DISTRICT) as tx:
        await order(tx, Action.REDRIVE, letters[1].id, BY)
    await carry_out(wire)
    assert await arrived(wire, events[0].aggregate_id) == [1, 2, 3]
    assert states(await parked(wire)) == ["redriven"] * 3 + ["parked"] * 2, "what is of another key waits"
    (action,) = await actions(wire)
    assert (action.district, action.name, action.caused_by) == ("000000", "DeadLetterRedriven", BY)


async def test_orders_are_carried_out_one_after_the_other_and_a_second_of_the_same_does_nothing(wire: Wire) -> None:
    events = chain(3)
    letters = await park(wire, *events)
    async with wire.api.transaction(NO_DISTRICT) as tx:
        await order(tx, Action.DISCARD, letters[0].id, BY, "counted by hand")
        await order(tx, Action.DISCARD, letters[0].id, BY, "counted by hand")
        await order(tx, Action.REDRIVE, letters[2].id, BY)
        await order(tx, Action.REDRIVE, letters[2].id, BY)
    await carry_out(wire)
    assert states(await parked(wire)) == ["discarded", "redriven", "redriven"]
    assert await arrived(wire, events[0].aggregate_id) == [2, 3]
    assert [action.name for action in await actions(wire)] == ["DeadLetterDiscarded", "DeadLetterRedriven"]

"""Nobody reads or writes what is not theirs to read or write, and nobody without a name does either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from deploy.kafka_access import rights_of
from deploy.local import certificates
from deploy.provision import consumers, reactions
from deploy.services import SERVICES
from shared.contracts.topics import TOPICS
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letter import dead_letter_topic
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.integration.transport.conftest import topics_seen
from tests.support import tally
from tests.support.eventually import eventually, running
from tests.support.tally import publish, service_logged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.transport.conftest import Installation

EVERY_TOPIC = [*TOPICS, *(dead_letter_topic(group).name for group in consumers())]


def owners_of(topic: str) -> set[str]:
    if topic in TOPICS:
        owner = TOPICS[topic].owner
        return set(SERVICES) if owner == "every service" else {owner}
    return {topic.removesuffix(".dlt")}


async def may_write(producer: AIOKafkaProducer, topic: str) -> bool:
    try:
        await producer.send_and_wait(topic, b"", key=b"transport")
    except TopicAuthorizationFailedError:
        return False
    return True


async def told(worker: Store, events: int) -> bool:
    return (await tally.totals(worker))[1] == events


@pytest.mark.usefixtures("nothing_left_open")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_event_goes_from_one_service_to_another_though_the_broker_is_given_a_new_certificate(
    installation: Installation,
) -> None:
    urls = await installation.databases.make("assessment")
    await tally.create_tables(urls, "assessment")
    async with Store(urls.worker) as worker, Store(urls.api) as api:
        relay = Relay(worker, installation.users["activities"])
        consumer = Consumer(tally.REACTIONS, worker, installation.users["assessment"], "")
        async with running(relay.run), running(consumer.run):
            first, second = service_logged(new_id()), service_logged(new_id())
            await publish(api, first)
            await eventually(lambda: told(worker, 1))
            installation.broker.stop()
            certificates.renew(installation.made)
            await publish(api, second)
            installation.broker.start()
            installation.broker.wait()
            await eventually(lambda: told(worker, 2))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_writes_its_own_topics_alone(installation: Installation, service: str) -> None:
    async with AIOKafkaProducer(**installation.users[service].options(), enable_idempotence=True) as producer:
        written = {topic for topic in EVERY_TOPIC if await may_write(producer, topic)}
    assert written == {topic for topic in EVERY_TOPIC if service in owners_of(topic)}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_sees_what_it_reacts_to_and_what_it_writes_and_nothing_else(
    installation: Installation, service: str
) -> None:
    seen = await topics_seen(installation.users[service])
    assert {*reactions(service).topics} <= seen
    assert seen == {right.name for right in rights_of(service) if right.name in EVERY_TOPIC}


async def test_a_service_cannot_be_a_member_of_anothers_group(installation: Installation) -> None:
    """It would take events from the other one, who would never hear of them."""
    topic = min(reactions("notifications").topics)
    client = AIOKafkaConsumer(topic, **installation.users["notifications"].options(), group_id="assessment")
    try:
        with pytest.raises(GroupAuthorizationFailedError):
            await client.start()
    finally:
        await client.stop()


@pytest.mark.usefixtures("nothing_left_open")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_nobody_gets_in_without_a_name_or_with_a_wrong_password(
    installation: Installation, tmp_path: Path
) -> None:
    user = installation.users["registry"]
    strangers = [
        KafkaServers(user.addresses),
        replace(user, user="", password=""),
        replace(user, password="guessed"),
        replace(user, user="nobody"),
        replace(user, ca_file=str(certificates.make(tmp_path).authority)),  # whoever believes somebody else
    ]
    for stranger in strangers:
        client = AIOKafkaConsumer(**stranger.options(), request_timeout_ms=2000)
        try:
            with pytest.raises(KafkaError):
                await client.start()
        finally:
            await client.stop()


def test_no_password_is_on_a_command_line_or_in_a_log(installation: Installation) -> None:
    passwords = [installation.broker.servers.password, *(user.password for user in installation.users.values())]
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    logs = [log.read_text(errors="replace") for log in installation.broker.directory.glob("*.log")]
    assert logs
    assert not [text for text in (*lines, *logs) for password in passwords if password in text]

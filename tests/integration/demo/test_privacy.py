"""After a district was loaded: what leaves registry, as any Kafka client, log reader or scraper sees it."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.demo import command
from deploy.demo.district import Platform
from shared.contracts.topics import CONTACT, TOPICS
from tests.integration.demo.district_folder import write_district
from tests.integration.demo.test_demo import run
from tests.support.infrastructure import Infrastructure

PERSONAL_COLUMNS = ("姓名", "身份证号", "手机号码", "电子邮箱")


@pytest.fixture(scope="module")
def people(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[bytes]]:
    """Load a district of its own; give every name, ID number, phone number and e-mail address in its roster."""
    assert platform.base_urls
    folder = tmp_path_factory.mktemp("districts") / "510197"
    write_district(folder, "510197", "丙区", seed=3, volunteers=80, records=200, packed=False, expected=False)
    with patch.object(command, "choose", return_value=None):
        assert run(folder).exit_code == 0
    with (folder / "volunteers.csv").open(encoding="utf-8-sig", newline="") as roster:
        yield {line[column].encode() for line in csv.DictReader(roster) for column in PERSONAL_COLUMNS if line[column]}


async def records(infrastructure: Infrastructure, topic: str) -> list[tuple[bytes, bytes, dict[str, bytes]]]:
    """Read a topic to its end as (key, value, headers)."""
    client = AIOKafkaConsumer(topic, bootstrap_servers=infrastructure.bootstrap_servers, auto_offset_reset="earliest")
    await client.start()
    ends = await client.end_offsets(client.assignment())
    found: list[tuple[bytes, bytes, dict[str, bytes]]] = []
    while not all([await client.position(partition) >= end for partition, end in ends.items()]):
        for batch in (await client.getmany(timeout_ms=200)).values():
            found += [(record.key or b"", record.value or b"", dict(record.headers)) for record in batch]
    await client.stop()
    return found


async def test_every_record_is_a_cloud_event_or_sealed_and_names_nobody(
    infrastructure: Infrastructure, topic_prefix: str, people: set[bytes]
) -> None:
    assert len(people) > 80 * 3
    person = re.compile(b"|".join(map(re.escape, people)))
    seen = 0
    for topic in TOPICS.values():
        for key, value, headers in await records(infrastructure, topic_prefix + topic.name):
            seen += 1
            if topic is not CONTACT:
                assert headers["ce_specversion"] == b"1.0"
                assert headers["ce_type"].startswith(b"cn.linbang.")
                assert headers["ce_partitionkey"] == key
                assert headers["content-type"] == b"application/json"
            for part in (key, value, *headers.values()):
                assert not person.search(part), f"a person in {topic.name}: {headers.get('ce_type')!r}"
    assert seen > 80 * 2 + 200


def test_no_log_line_and_no_metric_names_anybody(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory, people: set[bytes]
) -> None:
    logs = list(Path(tmp_path_factory.getbasetemp()).glob("logs*/*.log"))
    assert len(logs) >= 4
    pages = [httpx.get(f"{url}/metrics").content for url in platform.base_urls.values()]
    for text in (*(log.read_bytes() for log in logs), *pages):
        assert not re.search(b"|".join(map(re.escape, people)), text)

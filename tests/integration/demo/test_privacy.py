"""After a district was loaded: what leaves registry, as any Kafka client, log reader or scraper sees it; and what is
left of somebody who has ended their registration and is erased (domain.md rows 7, 64).
"""

import base64
import csv
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg
import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from sqlalchemy.engine import make_url

from deploy import credentials
from deploy.demo import command, figures
from deploy.demo.district import Platform, Session, logged_in, open_account
from services.registry.people.domain.privacy import KeyRing, PersonalData
from shared.contracts.topics import CONTACT, TOPICS
from shared.messaging.replay.request import From, ReplayRequest, replay_once
from tests.integration.demo.district_folder import write_district
from tests.integration.demo.test_demo import run
from tests.support import operator
from tests.support.eventually import eventually
from tests.support.infrastructure import Infrastructure, ServiceDatabase
from tests.support.quiescence import at_rest
from tests.support.services import SERVICES, reactions
from tests.support.traces import Search, Somebody, records

DISTRICT = "510197"
PERSONAL_COLUMNS = ("姓名", "身份证号", "手机号码", "电子邮箱")
LEDGER = """
    SELECT count(*) AS entries, sum(minutes) AS minutes, sum(hashtextextended(e::text, 0)) AS digest FROM ledger_entry e
"""


@pytest.fixture(scope="module")
def secret() -> Iterator[Mapping[str, str]]:
    """The secrets of the installation that is searched: it is made with these."""
    made = credentials.generate()
    with patch.object(credentials, "generate", return_value=made):
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a district of its own."""
    folder = tmp_path_factory.mktemp("districts") / DISTRICT
    write_district(folder, DISTRICT, "丙区", seed=3, volunteers=80, records=200, packed=False, expected=False)
    return folder


@pytest.fixture(scope="module")
def people(secret: Mapping[str, str], platform: Platform, folder: Path) -> set[bytes]:
    """Load the district; give every name, ID number, phone number and e-mail address in its roster."""
    assert secret
    assert platform.base_urls
    with patch.object(command, "choose", return_value=None):
        assert run(folder).exit_code == 0
    return {line[column].encode() for line in roster_of(folder) for column in PERSONAL_COLUMNS if line[column]}


def roster_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "volunteers.csv").open(encoding="utf-8-sig", newline="") as roster:
        return list(csv.DictReader(roster))


def logs_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))


@pytest.fixture(scope="module")
async def search(
    secret: Mapping[str, str],
    people: set[bytes],
    service_database: ServiceDatabase,
    infrastructure: Infrastructure,
    topic_prefix: str,
    logs: Path,
) -> Search:
    """All that the installation keeps."""
    assert people
    names = ("REGISTRY_MASTER_KEY", "REGISTRY_BLIND_INDEX_KEY", "CONTACT_PUBLIC_KEY")
    return Search(
        {service: await service_database(service) for service in SERVICES},
        infrastructure.admin_url,
        infrastructure.bootstrap_servers,
        topic_prefix,
        logs_in(logs),
        KeyRing(*(base64.b64decode(secret[name]) for name in names)),
        base64.b64decode(secret["CONTACT_PRIVATE_KEY"]),
    )


@pytest.fixture(scope="module")
def leaving(search: Search, folder: Path) -> tuple[Somebody, Somebody]:
    """Somebody who has served, and somebody who never has."""
    with (folder / "service_records.csv").open(encoding="utf-8", newline="") as file:
        served = {line["volunteer_no"] for line in csv.DictReader(file)}
    of = {line["志愿者编号"]: _person(line) for line in roster_of(folder)}
    with_hours = next(number for number in list(of)[1:] if number in served)
    without = next(number for number in of if number not in served)
    return Somebody(with_hours, of[with_hours], search.keys), Somebody(without, of[without], search.keys)


def _person(line: Mapping[str, str]) -> PersonalData:
    return PersonalData(line["姓名"], line["性别"], line["身份证号"], line["手机号码"], line["电子邮箱"])


async def test_every_record_is_a_cloud_event_or_sealed_and_names_nobody(
    infrastructure: Infrastructure, topic_prefix: str, people: set[bytes]
) -> None:
    assert len(people) > 80 * 3
    person = re.compile(b"|".join(map(re.escape, people)))
    seen = 0
    for topic in TOPICS.values():
        for key, value, headers in await records(infrastructure.bootstrap_servers, topic_prefix + topic.name):
            seen += 1
            if topic is not CONTACT:
                assert headers["ce_specversion"] == b"1.0"
                assert headers["ce_type"].startswith(b"cn.linbang.")
                assert headers["ce_partitionkey"] == key
                assert headers["content-type"] == b"application/json"
            for part in (key, value, *headers.values()):
                assert not person.search(part), f"a person in {topic.name}: {headers.get('ce_type')!r}"
    assert seen > 80 * 2 + 200


def test_no_log_line_and_no_metric_names_anybody(platform: Platform, logs: Path, people: set[bytes]) -> None:
    written = logs_in(logs)
    assert len(written) == len(SERVICES)
    pages = [httpx.get(f"{url}/metrics").content for url in platform.base_urls.values()]
    for text in (*(log.read_bytes() for log in written), *pages):
        assert not re.search(b"|".join(map(re.escape, people)), text)


async def of_service(search: Search, service: str, query: str, *values: object) -> list[Any]:
    """Return rows of a service's database, as its worker sees them."""
    connection = await asyncpg.connect(search.databases[service].worker)
    try:
        return list(await connection.fetch(query, *values))
    finally:
        await connection.close()


async def settled(search: Search) -> None:
    async def rows(service: str, query: str) -> Sequence[Any]:
        return await of_service(search, service, query)

    assert await eventually(lambda: at_rest(SERVICES, rows, search.bootstrap_servers, search.prefix))


def leave(platform: Platform, admin: Session, somebody: Somebody) -> None:
    """Open an account, use it as people do, and end the registration."""
    password = open_account(platform, admin, somebody.number, volunteer_number=somebody.number)
    with logged_in(platform, somebody.number, password) as own:
        own.notifications.send("PUT", "/v1/me/preferences", json={"channels": {"hours": ["in_app"]}})
        own.activities.send("POST", "/v1/me/calendar-feed")
        wrong = {"field": "name", "value": f"{somebody.person.name}一", "reason": f"我叫{somebody.person.name}一"}
        own.registry.send("POST", "/v1/me/corrections", json=wrong)
        own.registry.send("POST", "/v1/me/data/copies")
        assert own.registry.send("POST", "/v1/me/closing").json()["volunteer_number"] == somebody.number


async def compact_contacts_at_once(search: Search) -> None:
    """Let the broker do within a second what it has a week for."""
    configs = {
        "cleanup.policy": "compact",
        "max.compaction.lag.ms": "1",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.0",
        "delete.retention.ms": "0",
    }
    admin = AIOKafkaAdminClient(bootstrap_servers=search.bootstrap_servers)
    await admin.start()
    try:
        topic = ConfigResource(ConfigResourceType.TOPIC, search.prefix + CONTACT.name, configs=configs)
        await admin.alter_configs([topic])
    finally:
        await admin.close()


@pytest.mark.row(7)
@pytest.mark.row(64)
async def test_after_erasure_nobody_finds_the_person_anywhere_and_every_total_stays(
    platform: Platform,
    search: Search,
    folder: Path,
    leaving: tuple[Somebody, Somebody],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = [somebody.number for somebody in leaving]
    name = f"admin.{DISTRICT}"
    with logged_in(platform, name, platform.password(name)) as admin:
        await settled(search)
        before = figures.totals(admin.assessment), figures.stars(admin.assessment)
        ledger = await of_service(search, "assessment", LEDGER)
        await search.look()
        known = {"registry.volunteer (opened)", "notifications.contact (opened)", "topic registry.contact (opened)"}
        for somebody in leaving:
            assert {place.partition(": ")[0] for place in search.found(somebody)} >= known  # it can find them
            leave(platform, admin, somebody)
        await settled(search)
        bound = "SELECT bound_until FROM volunteer WHERE number = $1"
        assert (await of_service(search, "registry", bound, numbers[0]))[0]["bound_until"].year >= 2034
        ten_years_pass = "UPDATE work SET due_at = clock_timestamp() WHERE kind = 'erasure'"
        await of_service(search, "registry", ten_years_pass)

        async def are_erased() -> bool:
            erased = "SELECT 1 FROM volunteer WHERE number = ANY($1) AND erased_at IS NOT NULL"
            return len(await of_service(search, "registry", erased, numbers)) == len(numbers)

        assert await eventually(are_erased)
        await compact_contacts_at_once(search)
        change_everybody_else_s_phone(folder, admin, numbers)
        await settled(search)

        async def is_compacted() -> bool:
            await search.look_at_contacts()
            return not any(search.found(somebody) for somebody in leaving)

        await eventually(is_compacted, within=240)
        await search.look()
        assert {place for somebody in leaving for place in search.found(somebody)} == set()
        assert (figures.totals(admin.assessment), figures.stars(admin.assessment)) == before
    assert await of_service(search, "assessment", LEDGER) == ledger
    await replays_are_equal(search, monkeypatch)
    await planted_leaks_are_found(search, leaving[0])


def change_everybody_else_s_phone(folder: Path, admin: Session, gone: Collection[str]) -> None:
    """Have something written to each partition of the contacts, as days of work do."""
    kept = [line for line in roster_of(folder) if line["志愿者编号"] not in gone]
    path = folder / "again.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, kept[0])
        writer.writeheader()
        writer.writerows(line | {"手机号码": "18" + line["手机号码"][2:]} for line in kept)
    end = admin.registry.upload_import("roster", path)
    assert (end.state, end.rejected) == ("completed", 0), end


async def replays_are_equal(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every projection of events again and hold it against the live one."""
    servers = search.bootstrap_servers
    for variable, value in operator.environment(dict(search.databases), servers, search.prefix).items():
        monkeypatch.setenv(variable, value)
    for service in SERVICES:
        for rebuilt in reactions(service).projections.values():
            if rebuilt.events:
                request = ReplayRequest(service, rebuilt, From.EVENT_LOG)
                outcome = await replay_once(request, lambda _: None, lambda _: None)
                assert outcome.differing == 0, (service, rebuilt.projection.name, outcome)


async def planted_leaks_are_found(search: Search, somebody: Somebody) -> None:
    """Plant what a careless change could leave behind, and find each of it."""
    phone = f"{somebody.person.phone[:3]}-{somebody.person.phone[3:7]} {somebody.person.phone[7:]}"
    planted = {
        "registry.idempotency_key": (
            "INSERT INTO idempotency_key (district, account, key, fingerprint, body) VALUES ($1, 'a', 'k', '', $2)",
            json.dumps({"name": somebody.person.name}).encode(),
        ),
        "registry.import_verdict": (
            "INSERT INTO import_verdict (district, import_id, first_line, verdicts) "
            "SELECT $1, id, 999999, $2 FROM import_job LIMIT 1",
            json.dumps({"line": [somebody.person.id_number.lower()]}),
        ),
        "registry.work": (
            "INSERT INTO work (district, id, kind, payload, due_at) "
            "VALUES ($1, gen_random_uuid(), 'none', $2, 'infinity')",
            json.dumps({"to": phone}),
        ),
    }
    superuser = make_url(search.admin_url).set(database=make_url(search.databases["registry"].owner).database)
    connection = await asyncpg.connect(superuser.render_as_string(hide_password=False))
    try:
        for statement, value in planted.values():
            await connection.execute(statement, DISTRICT, value)
    finally:
        await connection.close()
    [log] = [log for log in search.logs if log.name == "activities.log"]
    with log.open("ab") as file:
        file.write(f"\nmail to {somebody.person.email.upper()}\n".encode())
    await search.look()
    assert {place.partition(": ")[0] for place in search.found(somebody)} == {*planted, "activities.log"}

"""All four services on real servers: relays and consumers in this process, operators' commands in their own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.assessment.stars.carrying import CARRY_HOURS
from shared.contracts import (
    ConsentGiven,
    ConsentWithdrawn,
    Event,
    GuidingBodyRegistered,
    NeedSurveyClosed,
    NeedSurveyOpened,
    OrganisationRegistered,
    Provenance,
    QualificationVerified,
    RegistrationSource,
    RuleAccepted,
    RulePublished,
    ServiceCorrected,
    ServiceLogged,
    ServiceRated,
    ServiceRecordsImported,
    StationRegistered,
    StationStaffBegan,
    TeamRegistered,
    VolunteerMergeUndone,
    VolunteerMovedIn,
    VolunteerProfileChanged,
    VolunteerRegistered,
    VolunteerRestricted,
    VolunteersMerged,
)
from shared.contracts.received import StateRecord
from shared.contracts.tokens import Revocation
from shared.contracts.topics import CONTACT, REVOCATION
from shared.messaging.consumer import Consumer
from shared.messaging.fault_kinds import is_transient
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id, put_state
from shared.work import queue
from shared.work.worker import Worker
from tests.support import operator, topics
from tests.support.eventually import eventually, running
from tests.support.forked import Program
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls
from tests.support.quiescence import at_rest
from tests.support.services import CONSUMERS, SERVICES, reactions

DISTRICT, OTHER_DISTRICT = "510115", "510116"
LEFT_AT = datetime(2026, 3, 1, 1, tzinfo=UTC)


@dataclass
class Platform:
    """The services' databases and topics."""

    urls: dict[str, Urls]
    workers: dict[str, Store]
    servers: str
    prefix: str
    stations: list[UUID] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What operators' commands find."""
        return operator.environment(self.urls, self.servers, self.prefix)

    async def linbang(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run an operator's command in a process of its own; return its exit code and what it printed."""
        return await operator.linbang({**self.environment, **environment}, *arguments)

    def start(self, *arguments: str, **environment: str) -> Program:
        return operator.start({**self.environment, **environment}, *arguments)

    @asynccontextmanager
    async def live(self, *consumers: str) -> AsyncIterator[None]:
        """Run every relay, and some of the consumers (all, where none is named)."""
        async with AsyncExitStack() as stack:
            for service in SERVICES:
                relay = Relay(self.workers[service], KafkaServers(self.servers), self.prefix)
                await stack.enter_async_context(running(relay.run))
            for service in consumers or CONSUMERS:
                await stack.enter_async_context(running(self.consumer(service).run))
            yield

    def consumer(self, service: str) -> Consumer:
        return Consumer(reactions(service), self.workers[service], KafkaServers(self.servers), self.prefix)

    async def append(self, service: str, *events: NewEvent) -> None:
        async with self.workers[service].transaction() as tx:
            await append(tx, events)

    async def rows(self, service: str, query: str, **values: object) -> list[Any]:
        async with self.workers[service].transaction() as tx:
            return list((await tx.execute(text(query), values)).all())

    async def as_superuser(self, service: str, *statements: str) -> None:
        """Do what no role of the service may."""
        owner = Store(self.urls[service].owner)
        async with owner.transaction() as tx:
            for statement in statements:
                await tx.exec_driver_sql(statement)
        await owner.close()

    async def carry_hours(self) -> None:
        """Have assessment's worker carry along what is due of those who have moved."""
        store = self.workers["assessment"]
        worker = Worker(store, [CARRY_HOURS], {}, is_transient)
        while items := await queue.claim(store, [CARRY_HOURS]):
            await worker._run(CARRY_HOURS, items)

    async def settle(self) -> None:
        """Wait until nothing is on its way."""
        await eventually(lambda: at_rest(SERVICES, self.rows, self.servers, self.prefix))


def event(data: Event, aggregate: UUID, version: int = 1, district: str = DISTRICT) -> NewEvent:
    return NewEvent(district, aggregate, version, data, "account:test")


def served(volunteer: UUID, minutes: int, import_id: UUID | None = None, district: str = DISTRICT) -> NewEvent:
    record = new_id()
    data = ServiceLogged(
        record_id=record,
        record_no=f"SR{record.hex[-12:]}",
        volunteer_id=volunteer,
        station_id=UUID(int=1),
        activity_title="社区读书会",
        service="culture",
        started_at=datetime(2026, 3, 1, 1, tzinfo=UTC),
        ended_at=datetime(2026, 3, 1, 2, tzinfo=UTC),
        minutes=minutes,
        provenance=Provenance.IMPORT if import_id else Provenance.LEADER,
        import_id=import_id,
    )
    return event(data, record, district=district)


def corrected(of: NewEvent, minutes: int) -> NewEvent:
    assert isinstance(of.data, ServiceLogged)
    data = ServiceCorrected(
        record_id=of.aggregate_id,
        volunteer_id=of.data.volunteer_id,
        minutes=minutes,
        previous_minutes=of.data.minutes,
        reason="核对",
    )
    return event(data, of.aggregate_id, 2, of.district)


def registered(volunteer: UUID, number: str, district: str = DISTRICT) -> NewEvent:
    data = VolunteerRegistered(
        volunteer_id=volunteer,
        volunteer_no=number,
        category="resident",
        registered_on=date(2024, 1, 1),
        source=RegistrationSource.SELF,
    )
    return event(data, volunteer, district=district)


def rule_version(document: UUID, version: int) -> RulePublished:
    return RulePublished(
        document_id=document,
        document_version=version,
        title="志愿者守则",
        in_force_from=date(2026, version, 1),
        required_from=date(2026, version, 15),
    )


async def a_history(platform: Platform) -> list[UUID]:
    """Let a bit of everything happen in two districts; return the volunteers of the first."""
    volunteers = [new_id() for _ in range(30)]
    elsewhere = new_id()
    station, team, organisation, import_id = new_id(), new_id(), new_id(), new_id()
    body, staff, paper, consent, survey, rules = new_id(), new_id(), new_id(), new_id(), new_id(), new_id()
    asked: dict[str, Any] = {
        "survey_id": survey,
        "number": 1,
        "title": "社区需求调查",
        "starts_on": date(2026, 3, 1),
        "ends_on": date(2026, 3, 15),
        "themes": ("elderly", "health"),
        "communities": {"510115001001": "柳城社区"},
    }
    found = {"answered": {"510115001001": 40}, "by_theme": {"510115001001": {"elderly": 20}}}
    said = {"consent_id": consent, "volunteer_id": volunteers[2], "purpose": "notices", "text_version": "2026-11-1"}
    held = {
        "qualification_id": paper,
        "volunteer_id": volunteers[2],
        "kind": "first_aid",
        "issued_on": date(2026, 1, 1),
    }
    accepted: dict[str, Any] = {
        "acceptance_id": new_id(),
        "volunteer_id": volunteers[2],
        "document_id": rules,
        "document_version": 2,
    }
    moved = VolunteerProfileChanged(
        volunteer_id=volunteers[0],
        volunteer_no="V000",
        category="minor",
        team_id=team,
        registered_on=date(2024, 1, 1),
    )
    came = VolunteerMovedIn(volunteer_id=elsewhere, volunteer_no="E1", from_district=DISTRICT, moved_at=LEFT_AT)
    await platform.append(
        "registry",
        event(OrganisationRegistered(organisation_id=organisation, code="O", name="会", kind="team"), organisation),
        event(
            StationRegistered(station_id=station, code="S", name="站", level="station", division_code="510115001"),
            station,
        ),
        event(GuidingBodyRegistered(guiding_body_id=body, code="G", name="团委"), body),
        event(
            StationStaffBegan(
                staff_id=staff, station_id=station, employment="full_time", source="other", since=date(2026, 3, 1)
            ),
            staff,
        ),
        event(TeamRegistered(team_id=team, code="T", name="队", kind="community"), team),
        *(registered(volunteer, f"V{i:03}") for i, volunteer in enumerate(volunteers)),
        registered(elsewhere, "E1", OTHER_DISTRICT),
        event(came, elsewhere, 2, OTHER_DISTRICT),
        event(moved, volunteers[0], 2),
        event(ConsentGiven(**said), consent),
        event(ConsentWithdrawn(**said), consent, 2),
        event(QualificationVerified(**held), paper, 2),
        event(NeedSurveyOpened(**asked), survey),
        event(NeedSurveyClosed(**asked, **found), survey, 2),
        event(rule_version(rules, 1), rules),
        event(rule_version(rules, 2), rules, 2),
        event(RuleAccepted(**accepted), accepted["acceptance_id"]),
        event(VolunteerRestricted(volunteer_id=volunteers[29], restricted_at=LEFT_AT), volunteers[29], 2),
        *_mergers(volunteers),
    )
    await _on_file(platform, volunteers, elsewhere)
    async with platform.workers["registry"].transaction() as tx:
        states = [StateRecord(DISTRICT, str(volunteer), b"sealed") for volunteer in volunteers[:5]]
        await put_state(tx, CONTACT.name, [*states, StateRecord(DISTRICT, str(volunteers[4]), None)])
        revoked = Revocation(minimum_version=2, ended_sessions=(new_id(),), changed_at=datetime.now(UTC))
        value = revoked.model_dump_json().encode()
        await put_state(tx, REVOCATION.name, [StateRecord(DISTRICT, str(new_id()), value) for _ in range(3)])
    single = [served(volunteer, 60 + i) for i, volunteer in enumerate(volunteers)]
    star = [served(volunteers[1], 100 * 60)]
    imported = [served(volunteer, 30, import_id) for volunteer in volunteers]
    await platform.append("activities", *single, *star, served(elsewhere, 45, district=OTHER_DISTRICT))
    await platform.append("activities", served(elsewhere, 100 * 60))  # before they moved
    rating = ServiceRated(record_id=single[2].aggregate_id, volunteer_id=volunteers[2], rating=4)
    rated = event(rating, single[2].aggregate_id, 2)
    await platform.append("activities", corrected(single[0], 10), corrected(single[1], 0), rated, *imported)
    total = ServiceRecordsImported(import_id=import_id, records=len(imported), minutes=30 * len(imported))
    await platform.append("activities", event(total, import_id))
    return volunteers


def _mergers(volunteers: Sequence[UUID]) -> list[NewEvent]:
    """Merge two entries into others; one of these mergers is undone."""

    def both(merged: int, kept: int) -> dict[str, Any]:
        return {
            "volunteer_id": volunteers[merged],
            "volunteer_no": f"V{merged:03}",
            "kept_id": volunteers[kept],
            "kept_no": f"V{kept:03}",
        }

    return [
        event(VolunteersMerged(**both(28, 27), merged_at=LEFT_AT), volunteers[28], 2),
        event(VolunteersMerged(**both(26, 25), merged_at=LEFT_AT), volunteers[26], 2),
        event(VolunteerMergeUndone(**both(26, 25), undone_at=LEFT_AT), volunteers[26], 3),
    ]


async def _on_file(platform: Platform, volunteers: Sequence[UUID], elsewhere: UUID) -> None:
    """Put into registry's tables what its events tell, and what they do not."""
    people = [
        (DISTRICT, v, f"V{i:03}", "minor" if i == 0 else "resident", 2 if i == 0 else 1)
        for i, v in enumerate(volunteers)
    ]
    people.append((OTHER_DISTRICT, elsewhere, "E1", "resident", 1))
    api = Store(platform.urls["registry"].api)
    async with api.transaction(DISTRICT) as tx:
        for district in (DISTRICT, OTHER_DISTRICT):
            await tx.execute(text("INSERT INTO district (code, name) VALUES (:d, :d)"), {"d": district})
    async with platform.workers["registry"].transaction() as tx:
        await tx.execute(
            text("INSERT INTO division VALUES (:d, '510115001', 'township', '街道', '510115')"), {"d": DISTRICT}
        )
        for table, columns in (
            ("organisation", "code, name, kind"),
            ("station", "code, name, level, division_code, volunteer_quota"),
            ("team", "code, name, kind"),
        ):
            demand = (", demand", ", '{}'") if table == "station" else ("", "")
            told = ", ".join(
                f"(data ->> '{column}'){'::int' if column == 'volunteer_quota' else ''}"
                for column in columns.split(", ")
            )
            await tx.execute(
                text(
                    f"INSERT INTO {table} (district, id, version, {columns}{demand[0]}) "
                    f"SELECT district, aggregate_id, 1, {told}{demand[1]} FROM event_log "
                    f"WHERE topic = 'registry.{table}'"
                )
            )
        await tx.execute(
            text("""
                INSERT INTO guiding_body (district, id, version, code, name)
                SELECT district, aggregate_id, 1, data ->> 'code', data ->> 'name' FROM event_log
                WHERE topic = 'registry.guiding-body'
            """)
        )
        team = (await tx.execute(text("SELECT id FROM team"))).scalar_one()
        for district, person, number, category, version in people:
            await tx.execute(
                text("""
                    INSERT INTO volunteer
                    VALUES (:district, :id, :number, :blind, 'k', 'p', :category, NULL, :team, NULL, '{}', '{}',
                            'zh-CN', '2024-01-01', 'self', 'd', :version)
                """),
                {
                    "district": district,
                    "id": person,
                    "number": number,
                    "blind": person.bytes,
                    "category": category,
                    "team": team if version == 2 else None,
                    "version": version,
                },
            )
        await tx.execute(
            text("""
                UPDATE volunteer SET restricted_at = :at, blind_index = NULL, digest = NULL, version = 2 WHERE id = :id
            """),
            {"id": volunteers[29], "at": LEFT_AT},
        )
        await tx.execute(
            text("UPDATE volunteer SET moved_from = :from_district, version = 2 WHERE id = :id"),
            {"id": elsewhere, "from_district": DISTRICT},
        )
        for merged, into, version in ((28, volunteers[27], 2), (26, None, 3)):
            await tx.execute(
                text("UPDATE volunteer SET merged_into_id = :into, version = :version WHERE id = :id"),
                {"id": volunteers[merged], "into": into, "version": version},
            )
    async with api.transaction(DISTRICT) as tx:
        await tx.execute(
            text("""
                INSERT INTO station_staff (district, id, station_id, sealed_name, employment, source, since, version)
                SELECT district, aggregate_id, CAST(data ->> 'station_id' AS uuid), 'sealed', data ->> 'employment',
                       data ->> 'source', CAST(data ->> 'since' AS date), 1 FROM event_log
                WHERE topic = 'registry.station-staff'
            """)
        )
    await api.close()


@pytest.fixture(scope="module")
async def platform(
    service_database: ServiceDatabase, infrastructure: Infrastructure, topic_prefix: str
) -> AsyncIterator[Platform]:
    urls = {service: await service_database(service) for service in SERVICES}
    workers = {service: Store(urls[service].worker) for service in SERVICES}
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    yield Platform(urls, workers, infrastructure.bootstrap_servers, topic_prefix)
    for store in workers.values():
        await store.close()


@pytest.fixture(scope="module")
async def volunteers(platform: Platform) -> Sequence[UUID]:
    """A history that every projection has applied."""
    async with platform.live():
        people = await a_history(platform)
        await platform.settle()
        await platform.carry_hours()
        await platform.as_superuser("assessment", *_OTHER_RULES)
        await platform.append("activities", *(served(volunteer, 30) for volunteer in people[:3]))
        await platform.settle()
    return people


# What is served from now on is credited by these rules, in the district's other zone.
_OTHER_RULES = (
    "ALTER TABLE rule_set NO FORCE ROW LEVEL SECURITY",
    f"""
    INSERT INTO rule_set
    SELECT '{DISTRICT}', '{DISTRICT}/later', now(), 'Pacific/Auckland', star_hours, window_month, window_day,
           eligible_hours, eligible_months, nominated_percent, full_hours, hours_weight, full_months, months_weight,
           rating_weight, prior_ratings, prior_rating
    FROM rule_set WHERE district = '000000'
    """,
    "ALTER TABLE rule_set FORCE ROW LEVEL SECURITY",
)

"""Everything that an installation keeps, searched for one person: what is written in clear, in whatever form, and what
can be opened with the keys of the installation.

Each column of each table of every service's database, each topic whole, dead letters, and the logs of the processes.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaConsumer
from cryptography.exceptions import InvalidTag
from sqlalchemy.engine import make_url

from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson
from shared.contracts.topics import CONTACT, TOPICS
from shared.messaging.dead_letter import dead_letter_topic
from shared.store.sealing import UnsealableError, open_sealed
from tests.support.infrastructure import Urls
from tests.support.services import CONSUMERS, SERVICES

_BYTES = re.compile(r"\\{1,2}x((?:[0-9a-f]{2})+)")
_SEPARATORS = re.compile(rb"[\s\-+()]")


@dataclass(frozen=True, repr=False)
class Somebody:
    """A person of the roster: the number, and what must not be found."""

    number: str
    person: PersonalData
    keys: KeyRing

    @property
    def forms(self) -> Mapping[bytes, str]:
        """What a thing of theirs can look like in bytes -> what it is."""
        found: dict[bytes, str] = {}
        for name in ("name", "id_number", "phone", "email"):
            value = str(getattr(self.person, name))
            for written in {value, value.lower(), value.upper()}:
                for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
                    found[written.encode(encoding)] = name
                found[json.dumps(written)[1:-1].encode()] = name
                found[base64.b64encode(written.encode()).rstrip(b"=")[:-1]] = name
                found[written.encode().hex().encode()] = name
        found[self.keys.blind_index(self.person.id_number)] = "blind index"
        found[self.keys.name_index(self.person.name)] = "name index"
        for channel, to in (("sms", self.person.phone), ("mail", self.person.email)):
            found[self.keys.destination(channel, to)] = "destination of codes"
        return found


@dataclass
class Search:
    """All that an installation keeps, and its keys."""

    databases: Mapping[str, Urls]
    admin_url: str
    bootstrap_servers: str
    prefix: str
    logs: Sequence[Path]
    keys: KeyRing
    contact_key: bytes
    _haystacks: list[tuple[str, bytes]] = field(default_factory=list)

    async def look(self) -> None:
        """Read everything anew."""
        await self.look_at_contacts()
        self._haystacks += [(log.name, log.read_bytes()) for log in self.logs]
        assert len(self.logs) == len(SERVICES)
        for service in SERVICES:
            await self._read_database(service)
        for topic in (*TOPICS, *(dead_letter_topic(consumer).name for consumer in CONSUMERS)):
            for key, value, headers in await records(self.bootstrap_servers, self.prefix + topic):
                self._haystacks += [(f"topic {topic}", part) for part in (key, value, *headers.values())]

    async def look_at_contacts(self) -> None:
        """Read the topic of the contacts anew, opened, and forget all else."""
        self._haystacks = []
        for key, value, _ in await records(self.bootstrap_servers, self.prefix + CONTACT.name):
            self._haystacks += self._opened_contact(f"topic {CONTACT.name}", key.decode(), value)

    def found(self, somebody: Somebody) -> set[str]:
        """Return where something of a person is, and what."""
        forms = somebody.forms
        longest_first: list[bytes] = sorted(forms, key=len, reverse=True)
        needle = re.compile(b"|".join(map(re.escape, longest_first)))
        return {
            f"{where}: {forms[match[0]]}"
            for where, haystack in self._haystacks
            for text in (haystack, _SEPARATORS.sub(b"", haystack))
            if (match := needle.search(text))
        }

    async def _read_database(self, service: str) -> None:
        name = make_url(self.databases[service].owner).database
        url = make_url(self.admin_url).set(database=name).render_as_string(hide_password=False)
        everything = await asyncpg.connect(url)
        try:
            tables = await everything.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in tables:
                where = f"{service}.{table}"
                for row in await everything.fetch(f'SELECT * FROM "{table}"'):
                    self._haystacks += [(where, part) for part in _parts(row.values())]
                    self._haystacks += self._opened(where, dict(row))
        finally:
            await everything.close()

    def _opened(self, where: str, row: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
        """Yield what the keys of the installation open of a row."""
        if where == "registry.volunteer" and row["wrapped_key"]:
            person = self.keys.open_person(row["id"], SealedPerson(row["wrapped_key"], row["personal_data"]))
            yield f"{where} (opened)", "|".join((person.name, person.id_number, person.phone, person.email)).encode()
        if where == "notifications.contact":
            yield from self._opened_contact(where, str(row["volunteer_id"]), row["sealed"])
        if where == "notifications.dead_letter" and row["value"] and CONTACT.name in row["topic"]:
            yield from self._opened_contact(where, row["key"].decode(), row["value"])
        for name, value in row.items():
            sealed = json.loads(value).get("sealed") if name == "payload" and where == "registry.work" else value
            if isinstance(sealed, str) and name == "payload":
                sealed = base64.b64decode(sealed)
            if isinstance(sealed, bytes) and isinstance(row.get("id"), UUID):
                with suppress(InvalidTag, ValueError):
                    yield f"{where} (opened)", self.keys.open_text(row["id"], sealed)

    def _opened_contact(self, where: str, volunteer_id: str, sealed: bytes | None) -> Iterator[tuple[str, bytes]]:
        try:
            yield f"{where} (opened)", open_sealed(self.contact_key, volunteer_id, sealed or b"")
        except UnsealableError:
            return


def _parts(values: Any) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, bytes):
            yield value
        elif isinstance(value, list):
            yield from _parts(value)
        elif value is not None:
            written = str(value)
            yield written.encode()
            yield from (bytes.fromhex(one) for one in _BYTES.findall(written))


async def records(bootstrap_servers: str, topic: str) -> list[tuple[bytes, bytes, dict[str, bytes]]]:
    """Read a topic to its end as (key, value, headers)."""
    client = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await client.start()
    ends = await client.end_offsets(client.assignment())
    found: list[tuple[bytes, bytes, dict[str, bytes]]] = []
    while not all([await client.position(partition) >= end for partition, end in ends.items()]):
        for batch in (await client.getmany(timeout_ms=200)).values():
            found += [(record.key or b"", record.value or b"", dict(record.headers)) for record in batch]
    await client.stop()
    return found

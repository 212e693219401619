"""Devices with lists and what they have brought, as written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.offline.domain import Device, Entry, EntryKind, Verdict
from services.activities.offline.tables import offline_device, offline_entry
from shared.store.statements import insert_rows

_INSERT_DEVICE = insert(offline_device)
_DEVICES = text("""
    SELECT id, public_key, list_hash, offset_ms, expires_at FROM offline_device
    WHERE district = :district AND shift_id = :shift_id
    ORDER BY id FOR UPDATE
""")
_NOTED = ("sequence", "previous", "hash", "kind", "sign_up_id", "device_time", "server_time", "received_at")
_INSERT_ENTRIES = insert_rows(
    offline_entry, ["id", "device_id", *_NOTED], same=["district", "shift_id"], conflict="DO NOTHING"
)
_ENTRIES = text(f"""
    SELECT id, device_id, {", ".join(_NOTED)}, verdict, reason, counted_at, to_confirm FROM offline_entry
    WHERE district = :district AND shift_id = :shift_id ORDER BY device_id, sequence
""")
_CONCLUDE = text("""
    UPDATE offline_entry e SET verdict = r.verdict, reason = r.reason, counted_at = r.counted_at,
                               to_confirm = r.to_confirm
    FROM unnest(CAST(:id AS uuid[]), CAST(:verdict AS text[]), CAST(:reason AS text[]),
                CAST(:counted_at AS timestamptz[]), CAST(:to_confirm AS boolean[]))
         AS r(id, verdict, reason, counted_at, to_confirm)
    WHERE e.district = :district AND e.id = r.id
""")
_SIGN_UPS = text("""
    SELECT u.id, u.state, u.volunteer_id, v.number
    FROM sign_up u JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    WHERE u.district = :district AND u.shift_id = :shift_id
      AND u.state IN ('confirmed', 'attending', 'completed', 'missing_check_out')
    ORDER BY u.queue_number
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A device that is given a list."""

    id: UUID
    shift_id: UUID
    public_key: str
    list_hash: bytes
    offset: timedelta
    registered_at: datetime
    registered_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device as it is known: its public key (JWK as JSON), and until when it may bring entries."""

    device: Device
    public_key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What became of an entry; ``reason`` is the code of a refusal."""

    verdict: Verdict
    reason: str | None = None
    counted_at: datetime | None = None
    to_confirm: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a list."""

    sign_up_id: UUID
    state: str
    volunteer_id: UUID
    number: str


async def insert_device(tx: AsyncConnection, district: str, made: Registration) -> None:
    """Put a device on file."""
    await tx.execute(
        _INSERT_DEVICE,
        {
            "district": district,
            "id": made.id,
            "shift_id": made.shift_id,
            "public_key": made.public_key,
            "list_hash": made.list_hash,
            "offset_ms": round(made.offset / timedelta(milliseconds=1)),
            "registered_at": made.registered_at,
            "registered_by": made.registered_by,
            "expires_at": made.expires_at,
        },
    )


async def lock_devices(tx: AsyncConnection, district: str, shift_id: UUID) -> dict[UUID, KnownDevice]:
    """Return the devices that have a shift's list, locked until the transaction ends."""
    rows = await tx.execute(_DEVICES, {"district": district, "shift_id": shift_id})
    return {
        row.id: KnownDevice(
            Device(row.id, row.list_hash, timedelta(milliseconds=row.offset_ms)), row.public_key, row.expires_at
        )
        for row in rows
    }


async def add_entries(tx: AsyncConnection, district: str, shift_id: UUID, entries: Sequence[Entry]) -> None:
    """Keep entries; one that is there already, or whose number its device has used before, changes nothing."""
    columns = {name: [getattr(entry, name) for entry in entries] for name in ("id", "device_id", *_NOTED)}
    await tx.execute(_INSERT_ENTRIES, {"district": district, "shift_id": shift_id, **columns})


async def entries_of(tx: AsyncConnection, district: str, shift_id: UUID) -> tuple[list[Entry], dict[UUID, Conclusion]]:
    """Return all that devices have brought for a shift, and what has become of it so far."""
    entries: list[Entry] = []
    concluded: dict[UUID, Conclusion] = {}
    for row in (await tx.execute(_ENTRIES, {"district": district, "shift_id": shift_id})).mappings():
        noted = {name: row[name] for name in ("id", "device_id", *_NOTED)}
        entries.append(Entry(**{**noted, "kind": EntryKind(row["kind"])}))
        if row["verdict"]:
            concluded[row["id"]] = Conclusion(
                Verdict(row["verdict"]), row["reason"], row["counted_at"], bool(row["to_confirm"])
            )
    return entries, concluded


async def conclude(tx: AsyncConnection, district: str, concluded: Mapping[UUID, Conclusion]) -> None:
    """Note what has become of entries."""
    await tx.execute(
        _CONCLUDE,
        {
            "district": district,
            "id": list(concluded),
            "verdict": [each.verdict for each in concluded.values()],
            "reason": [each.reason for each in concluded.values()],
            "counted_at": [each.counted_at for each in concluded.values()],
            "to_confirm": [each.to_confirm for each in concluded.values()],
        },
    )


async def list_of(tx: AsyncConnection, district: str, shift_id: UUID) -> Collection[Listed]:
    """Return who is on a shift's list, in order of arrival."""
    rows = await tx.execute(_SIGN_UPS, {"district": district, "shift_id": shift_id})
    return [Listed(*row) for row in rows]

"""Offline lists over HTTP: a device is given one, and brings back what it has noted."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.activities.offline import commands, queries
from services.activities.offline.commands import OfflineList, Verdicts
from services.activities.offline.queries import Doubts
from services.activities.offline.signatures import ListSigner
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.public import PUBLIC_ANSWERS, PUBLIC_READ, public_answer

router = APIRouter(prefix="/v1", tags=["offline lists"])

Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


async def _signer(request: Request) -> ListSigner:
    signer: ListSigner = request.app.state.offline_signer
    return signer


Signer = Annotated[ListSigner, Depends(_signer)]


class ListRequest(BaseModel):
    """A device's public key (ECDSA P-256, as JWK), its clock, and masked names from registry by sign-up."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_key_jwk": {
                        "kty": "EC",
                        "crv": "P-256",
                        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                    },
                    "device_time": "2026-03-01T08:30:00+08:00",
                    "names_masked": {"019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77": "张**"},
                }
            ]
        }
    )

    device_key_jwk: dict[str, Any]
    device_time: AwareDatetime
    names_masked: dict[UUID, str] = Field({}, max_length=10_000)


class ListKey(BaseModel):
    """The public key that offline lists are signed by (ECDSA P-256, as JWK)."""

    kty: str
    crv: str
    x: str
    y: str


class Brought(BaseModel):
    """What a device has noted: compact JWS (ES256) by its key, in the order of its chain.

    The payload of each is ``{id, sequence, previous, kind, sign_up_id | server_time, device_time}``; ``previous`` is
    the SHA-256 (hex) of the JWS before it, of the first that of the list. Before it brings entries a device notes an
    entry of kind ``clock`` with the server's time, as this route answers it (with no entries too): only what is before
    one can count. Before it saves what it has noted as a file, for somebody else to bring, it notes one without
    ``server_time``: what is before that counts by its clock as it was read last, and is to be confirmed.
    """

    device_id: UUID
    entries: list[str] = Field([], max_length=2_000)


@router.get("/offline-list-key", dependencies=PUBLIC_READ, response_model=ListKey, responses=PUBLIC_ANSWERS)
async def show_key(request: Request, signer: Signer) -> Response:
    """Show the key that a device holds its list against."""
    return public_answer(request, ListKey.model_validate(signer.public_key))


@router.post("/shifts/{shift_id}/offline-list", status_code=201)
async def give_list(shift_id: UUID, body: ListRequest, store: ApiStore, caller: Leader, signer: Signer) -> OfflineList:
    """Give a device a shift's list to keep without a network: last four digits, masked names, salted hashes, signed.

    It takes no Idempotency-Key: an answer that is kept would keep the names.
    """
    async with store.transaction(caller.district) as tx:
        return await commands.give_list(
            tx, caller, signer, shift_id, body.device_key_jwk, body.device_time, body.names_masked
        )


@router.post("/shifts/{shift_id}/offline-entries")
async def take_in(shift_id: UUID, body: Brought, store: ApiStore, caller: Leader) -> Verdicts:
    """Take in what a device has noted, and say of each entry what became of it; again is no other than once."""
    async with store.transaction(caller.district) as tx:
        return await commands.take_in(tx, caller, shift_id, body.device_id, body.entries)


@router.get("/shifts/{shift_id}/offline-doubts")
async def show_doubts(shift_id: UUID, store: ApiStore, caller: Leader) -> Doubts:
    """Show what a leader has to look at before the shift is closed: a device's clock was off, or nothing came of it."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_doubts(tx, caller, shift_id)

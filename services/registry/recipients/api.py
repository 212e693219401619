"""Households over HTTP: taken into care, read and changed by who is assigned; listed, and assigned by the office."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.recipients import commands, queries
from services.registry.recipients.commands import HouseholdIsOn
from services.registry.recipients.domain.household import HouseholdFile, Reading, checked
from services.registry.recipients.queries import HouseholdDetail, HouseholdInClear, HouseholdView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage, whole_number

router = APIRouter(prefix="/v1/households", tags=["recipients"])

_Text = Annotated[str, Field(max_length=1000)]
CaseWorker = Annotated[Caller, Depends(caller_with(own=[Role.CASE_WORKER]))]
CaseWorkerAtHand = Annotated[Caller, Depends(caller_with(own=[Role.CASE_WORKER], stepped_up=True))]
Reader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.CASE_WORKER]))
]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
OfficeAtHand = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, stepped_up=True))]
"""For what gives a way in."""
_PERSON: dict[str, JsonValue] = {
    "name": "李桂芳",
    "category": "empty_nest_elder",
    "phone": "02882700000",
    "note": "听力不好，请大声说",
}


class PersonForm(BaseModel):
    """Somebody of a household, and why they are looked after.

    ``empty_nest_elder``, ``disabled``, ``child_of_released_prisoner``, ``youth`` or ``other``.
    """

    name: _Text = ""
    category: _Text = ""
    phone: _Text = ""
    note: _Text = ""


class FileForm(BaseModel):
    """What is known of a household; all of it is sealed."""

    address: _Text = ""
    phone: _Text = ""
    note: _Text = ""
    people: Annotated[list[PersonForm], Field(max_length=20)] = []

    def file(self) -> HouseholdFile:
        """Return it as it is kept. Raises RefusedError with every fault."""
        of_household = {"address": self.address, "phone": self.phone, "note": self.note}
        return checked(of_household, [person.model_dump() for person in self.people])


class HouseholdForm(FileForm):
    """A household to take into care at the station of a code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"station": "510115-STA-01", "address": "柳城街道长安路 8 号 3 栋", "people": [_PERSON]}]
        }
    )

    station: _Text


class ChangeForm(FileForm):
    """All that is known of a household from now on; ``version`` is the one that was read."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"version": 1, "address": "柳城街道长安路 8 号 3 栋", "people": [_PERSON]}]}
    )

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ReadingForm(BaseModel):
    """Why a file is read: for the access log, which auditors read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "visit"}]})

    reason: Reading


class AssignmentForm(BaseModel):
    """The case worker's account."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"account_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77"}]})

    account_id: UUID


@router.post("", status_code=201, response_model=HouseholdIsOn)
async def open_household(
    form: HouseholdForm, store: ApiStore, keys: Keys, caller: CaseWorker, key: KeyedIdempotencyKey
) -> Response:
    """Take a household into care at a station of one's own; one is assigned to it."""
    file = form.file()
    async with store.transaction(caller.district) as tx:
        command = partial(commands.open_household, tx, keys, caller, caller.account_id, form.station.strip(), file)
        return await idempotent(tx, caller, key, 201, command)


@router.get("")
async def list_households(
    store: ApiStore,
    keys: Keys,
    caller: Reader,
    page: RequestedPage,
    number: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    mine: bool = False,
) -> Page[HouseholdView]:
    """List households by number: of the district, of one's stations, or those that one is assigned to (``mine``)."""
    (after,) = page.position(whole_number) or (0,)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_households(
            tx, keys, caller, caller.account_id, after, page.limit + 1, number=number, mine=mine
        )
    return Page.of(found, page.limit, lambda household: (str(household.number),))


@router.get("/{household_id}")
async def show_household(household_id: UUID, store: ApiStore, keys: Keys, caller: Reader) -> HouseholdDetail:
    """Show a household: what everybody sees of it, its pairings, and who is assigned to it."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_household(tx, keys, caller, caller.account_id, household_id)


@router.post("/{household_id}/reveal")
async def read_household(
    household_id: UUID, form: ReadingForm, store: ApiStore, keys: Keys, caller: CaseWorker
) -> HouseholdInClear:
    """Show all that is known of a household that one is assigned to, for a reason; the access log says who and why."""
    async with store.transaction(caller.district) as tx:
        return await commands.read_household(tx, keys, caller, caller.account_id, household_id, form.reason)


@router.put("/{household_id}")
async def change_household(
    household_id: UUID, form: ChangeForm, store: ApiStore, keys: Keys, caller: CaseWorker
) -> HouseholdIsOn:
    """Replace what is known of a household; whoever is not named any more is erased from it."""
    async with store.transaction(caller.district) as tx:
        return await commands.change_household(
            tx, keys, caller, caller.account_id, household_id, form.version, form.file()
        )


@router.post("/{household_id}/closing", response_model=HouseholdIsOn)
async def close_household(
    household_id: UUID, store: ApiStore, caller: CaseWorker, key: KeyedIdempotencyKey
) -> Response:
    """End the care for a household and its pairings; three years later its file is erased by itself."""
    async with store.transaction(caller.district) as tx:
        command = partial(commands.close_household, tx, caller, caller.account_id, household_id)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/{household_id}/erasure", status_code=204)
async def erase_household(household_id: UUID, store: ApiStore, caller: CaseWorkerAtHand) -> None:
    """Erase a closed household at once: its file and the notes of visits cannot be read any more, by anybody."""
    async with store.transaction(caller.district) as tx:
        await commands.erase_household(tx, caller, caller.account_id, household_id)


@router.post("/{household_id}/assignments", status_code=204)
async def assign_household(household_id: UUID, form: AssignmentForm, store: ApiStore, caller: OfficeAtHand) -> None:
    """Assign a household to a case worker of its station, not to oneself; one sees no more of it by that."""
    async with store.transaction(caller.district) as tx:
        await commands.assign_household(tx, caller, caller.account_id, household_id, form.account_id)


@router.delete("/{household_id}/assignments/{account_id}", status_code=204)
async def unassign_household(household_id: UUID, account_id: UUID, store: ApiStore, caller: Office) -> None:
    """Take a household from a case worker, who can read its file no longer."""
    async with store.transaction(caller.district) as tx:
        await commands.unassign_household(tx, caller, household_id, account_id)

"""Which two entries may become one, and what of the one holds for the other.

Invariant: an entry is merged into one that stands for itself, and nothing is merged into it; so of any entry it is one
step to the person that it is now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registry.consents.domain import ConsentChannel, StatedConsent, holds
from services.registry.consents.texts import TEXTS, ConsentPurpose
from services.registry.people.domain import identity
from services.registry.people.domain.privacy import PersonalData
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError

KEPT, MERGED = "volunteer_id", "merged_number"
"""What the two entries are called where one is at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry on the register, as far as a merger has to know."""

    id: UUID
    number: str
    team_id: UUID | None
    is_closed: bool
    is_merged: bool
    has_merged: bool
    """Another entry is merged into it."""
    id_number_checked: bool
    """The office has put its ID number right by the paper."""
    has_open_correction: bool
    account_id: UUID | None
    roles: tuple[str, ...]
    is_locked: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """What two entries have in common: masked, the office could not see it."""

    name: bool
    phone: bool
    gender: bool
    birth_date: bool


def check_pair(kept: Entry | None, merged: Entry | None) -> tuple[Entry, Entry]:
    """Return two entries of which the second may be merged into the first.

    Two ID numbers that were both checked against the paper are two people's. Where one was not, a slip cannot be told
    from another person, and the office decides. Raises RefusedError with every fault by `KEPT` and `MERGED`.
    """
    if kept is None or merged is None:
        raise RefusedError(Fault(KEPT if kept is None else MERGED, Code.NOT_FOUND))
    if kept.id == merged.id:
        raise RefusedError(Fault(MERGED, Code.SAME_ENTRY))
    wrong = {
        Fault(KEPT, Code.CLOSED): kept.is_closed,
        Fault(KEPT, Code.MERGED): kept.is_merged,
        Fault(MERGED, Code.CLOSED): merged.is_closed,
        Fault(MERGED, Code.MERGED): merged.is_merged,
        Fault(MERGED, Code.HAS_MERGED): merged.has_merged,
        Fault(MERGED, Code.OPEN_CORRECTION): merged.has_open_correction,
        Fault(MERGED, Code.HAS_DUTIES): bool(set(merged.roles) - {Role.VOLUNTEER}),
        Fault(MERGED, Code.OTHER_PERSON): kept.id_number_checked and merged.id_number_checked,
    }
    faults = [fault for fault, is_so in wrong.items() if is_so]
    if faults:
        raise RefusedError(*faults)
    return kept, merged


def alike(one: PersonalData, other: PersonalData) -> Alike:
    """Return what two entries have in common. Dates of birth are those of their ID numbers."""
    return Alike(
        name=one.name == other.name,
        phone=one.phone == other.phone,
        gender=one.gender == other.gender,
        birth_date=identity.birth_date(one.id_number) == identity.birth_date(other.id_number),
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated last about a purpose under an entry, where and when."""

    given: bool
    text_version: str
    channel: ConsentChannel
    stated_at: datetime


def newer(
    merged: Mapping[ConsentPurpose, Stated], kept: Mapping[ConsentPurpose, Stated]
) -> list[tuple[StatedConsent, ConsentChannel]]:
    """Return what the person has said last under the merged entry and differently under the kept one.

    It is one person, and of a purpose the last statement holds, under whatever number it was made (PIPL art. 15).
    """
    return [
        (StatedConsent(purpose, said.text_version, said.given), said.channel)
        for purpose, said in merged.items()
        if purpose not in kept or (said.stated_at > kept[purpose].stated_at and said.given != kept[purpose].given)
    ]


def as_before(purpose: ConsentPurpose, given: bool | None) -> StatedConsent:
    """Return the statement by which what held under the kept entry before holds again.

    ``given`` is what was stated then; None: nothing was, and its organisation spoke for it.
    """
    return StatedConsent(purpose, TEXTS[purpose].version, holds(purpose, given, by_organisation=True))

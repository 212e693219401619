"""What somebody states about what their data may be handled for, and what holds then.

Invariant: of a purpose the last statement holds. Where there is none, the organisation that has registered the person
speaks for them (Order 67 art. 6): of what it may speak for is said here, and a whole name in public is not among it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID, uuid5

from services.registry.consents.texts import NEEDED, TEXTS, ConsentPurpose
from services.registry.people.domain import identity
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import contact_point, person_name
from services.registry.places.domain import wording
from shared.contracts.faults import Code, Fault, RefusedError

BY_ORGANISATION = frozenset({*NEEDED, ConsentPurpose.NOTICES, ConsentPurpose.PROPOSALS})
"""What holds for those whom an organisation has registered, until they say otherwise."""


class ConsentChannel(StrEnum):
    """Where somebody has stated it."""

    SELF_REGISTRATION = "self_registration"
    OWN_PAGE = "own_page"
    ORGANISATION = "organisation"
    """Not stated by the person: what the organisation that has registered them answers for."""


class StatementSource(StrEnum):
    """What an organisation rests on that says it has people's consent."""

    SIGNED_FORM = "signed_form"
    ONLINE_FORM = "online_form"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class StatedConsent:
    """Whether somebody has consented to a version of a text."""

    purpose: ConsentPurpose
    text_version: str
    given: bool


@dataclass(frozen=True, slots=True)
class LatestConsent:
    """What somebody has stated last about a purpose, and how often so far."""

    given: bool
    text_version: str
    statements: int


def consent_id(volunteer_id: UUID, purpose: ConsentPurpose) -> UUID:
    """Return the id of a person's consent to a purpose: the aggregate that its events are of."""
    return uuid5(volunteer_id, f"consent:{purpose}")


def consent_faults(stated: Sequence[StatedConsent]) -> list[Fault]:
    """Return what is wrong with the consents of a registration: one is needed, or of a text that is no longer shown."""
    given = {consent.purpose for consent in stated if consent.given}
    outdated = {each.purpose for each in stated if each.text_version != TEXTS[each.purpose].version}
    missing = [Fault(f"consents.{purpose}", Code.MISSING) for purpose in NEEDED if purpose not in given]
    return missing + [Fault(f"consents.{purpose}", Code.CHANGED_MEANWHILE) for purpose in sorted(outdated)]


def with_every_choice(stated: Sequence[StatedConsent]) -> list[StatedConsent]:
    """Return the consents of a registration, one a purpose: what was left out is not given (PIPL art. 14)."""
    said = {each.purpose: each for each in stated}
    return [said.get(purpose, StatedConsent(purpose, text.version, given=False)) for purpose, text in TEXTS.items()]


def check_statement(stated: StatedConsent) -> None:
    """Raise RefusedError where it cannot be taken back (needed_to_serve), or is of a text that is no longer shown."""
    if stated.purpose in NEEDED and not stated.given:
        raise RefusedError(Fault("given", Code.NEEDED_TO_SERVE))
    if stated.given and stated.text_version != TEXTS[stated.purpose].version:
        raise RefusedError(Fault("text_version", Code.CHANGED_MEANWHILE))


def news(stated: Iterable[StatedConsent], latest: Mapping[ConsentPurpose, LatestConsent]) -> list[StatedConsent]:
    """Return what says something else than was stated last; the version of what is taken back makes no difference."""
    return [each for each in stated if not _is_said(each, latest.get(each.purpose))]


def _is_said(stated: StatedConsent, latest: LatestConsent | None) -> bool:
    if latest is None or latest.given != stated.given:
        return False
    return not stated.given or latest.text_version == stated.text_version


def holds(purpose: ConsentPurpose, given: bool | None, *, by_organisation: bool) -> bool:
    """Return whether data may be handled for a purpose; ``given`` is what was stated last, None where nothing was."""
    return given if given is not None else by_organisation and purpose in BY_ORGANISATION


YOUNGEST_WITH_OWN_PHONE = 14
"""From this age on a guardian's phone is another one than the minor's: whoever confirms must not be the minor."""


@dataclass(frozen=True, slots=True, repr=False)
class Guardian:
    """Who agrees for a minor. It has no repr: it is personal data."""

    name: str
    phone: str


def guardian_of(keys: KeyRing, guardian_id: UUID, sealed: bytes) -> Guardian:
    """Return the guardian in a row that is on file."""
    opened = json.loads(keys.open_guardian(guardian_id, sealed))
    return Guardian(opened["name"], opened["phone"])


def check_guardian(name: str, phone: str, *, born: date, own_phone: str, today: date) -> Guardian:
    """Return a minor's guardian in normal form.

    Raises RefusedError with every fault by ``guardian_name`` and ``guardian_phone``: ``guardian_needed`` where neither
    is given, ``own_phone`` where somebody from 14 on names their own number.
    """
    if not name.strip() and not phone.strip():
        raise RefusedError(Fault("guardian_phone", Code.GUARDIAN_NEEDED))
    faults: list[Fault] = []
    normal = Guardian("", "")
    try:
        normal = replace(normal, name=person_name(name, "guardian_name"))
    except RefusedError as refused:
        faults += refused.faults
    try:
        normal = replace(normal, phone=contact_point("phone", phone, "guardian_phone"))
    except RefusedError as refused:
        faults += refused.faults
    has_own_phone = identity.age(born, today) >= YOUNGEST_WITH_OWN_PHONE
    if has_own_phone and normal.phone and normal.phone == wording.phone(own_phone):
        faults.append(Fault("guardian_phone", Code.OWN_PHONE))
    if faults:
        raise RefusedError(*faults)
    return normal

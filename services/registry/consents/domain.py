"""What somebody states about what their data may be handled for, and what holds then.

Invariant: of a purpose the last statement holds. Where there is none, the organisation that has registered the person
speaks for them (Order 67 art. 6): of what it may speak for is said here, and a whole name in public is not among it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from services.registry.consents.texts import NEEDED, TEXTS, ConsentPurpose
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

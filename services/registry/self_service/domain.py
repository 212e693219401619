"""What a person states about themselves, and the points of contact that a code can go to."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.codes.domain import Channel
from services.registry.people.domain.volunteer import contact_point
from services.registry.self_service.consents import NEEDED, TEXTS, ConsentPurpose
from shared.contracts.faults import Code, Fault


@dataclass(frozen=True, slots=True)
class StatedConsent:
    """Whether somebody has consented to a version of a text."""

    purpose: ConsentPurpose
    text_version: str
    given: bool


def consent_faults(stated: Sequence[StatedConsent]) -> list[Fault]:
    """Return what is wrong with the consents of a registration: one is needed, or of a text that is no longer shown."""
    given = {consent.purpose for consent in stated if consent.given}
    outdated = {each.purpose for each in stated if each.text_version != TEXTS[each.purpose].version}
    missing = [Fault(f"consents.{purpose}", Code.MISSING) for purpose in NEEDED if purpose not in given]
    return missing + [Fault(f"consents.{purpose}", Code.CHANGED_MEANWHILE) for purpose in sorted(outdated)]


def normal_point(channel: Channel, written: str, field: str = "to") -> str:
    """Return a phone number or address in its normal form. Raises RefusedError (missing, format)."""
    return contact_point("phone" if channel is Channel.SMS else "email", written, field)

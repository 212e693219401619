"""Events of what a volunteer's data may be handled for: ids and codes, nothing else about the person.

Whoever handles data for a purpose stops within a minute of ``ConsentWithdrawn`` (PIPL art. 15 and 47; domain.md row 6).
"""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Consent(Event):
    """What the events of a consent have in common (key: the consent, one a volunteer and purpose)."""

    topic: ClassVar[str] = "registry.consent"
    given: ClassVar[bool]

    consent_id: UUID
    volunteer_id: UUID
    purpose: str
    """What the data is handled for, e.g. ``notices``: mails and text messages."""
    text_version: str
    """Of the text that was agreed to, or shown when it was refused or taken back."""


class ConsentGiven(Consent):
    """The volunteer agrees that their data is handled for the purpose."""

    given: ClassVar[bool] = True


class ConsentWithdrawn(Consent):
    """The volunteer does not agree (any more): they have taken it back, or said no when they were asked."""

    given: ClassVar[bool] = False

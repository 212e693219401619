"""Events of a district's rule documents: what is published in which version, who is asked for it and who has accepted.

Invariant: they carry ids, versions, days and a document's title. Its text stays in registry; of people there are ids.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class RulePublished(Event):
    """The district's office has published a version of a rule document (key: the document).

    Each version of it has one such event.
    """

    topic: ClassVar[str] = "registry.rule-document"

    document_id: UUID
    document_version: int
    """From 1."""
    title: str
    in_force_from: date
    """From this day on people are asked to accept it, in the district's zone."""
    required_from: date
    """From this day on nobody signs up without having accepted it, or a later version; never before it is in force."""


class RuleEnded(Event):
    """The office has withdrawn a version before its day, or ended the one in force (key: the document).

    Nobody is asked for ``ended_versions`` any more and sign-up needs none of them; why, registry keeps.
    """

    topic: ClassVar[str] = "registry.rule-document"

    document_id: UUID
    document_version: int
    """The version that was withdrawn or ended."""
    title: str
    ended_versions: tuple[int, ...]
    """It, and where it was in force every earlier one with it: none of these comes back."""


class RuleAcceptance(Event):
    """What the events of a volunteer and one version of a document have in common (key: the two of them)."""

    topic: ClassVar[str] = "registry.rule-acceptance"

    acceptance_id: UUID
    volunteer_id: UUID
    document_id: UUID
    document_version: int


class RuleAcceptanceAsked(RuleAcceptance):
    """The office reminds a volunteer who has not accepted a version that is in force: once a version."""

    title: str
    required_from: date


class RuleAccepted(RuleAcceptance):
    """The volunteer has read and accepted this version."""

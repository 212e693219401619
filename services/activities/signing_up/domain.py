"""Who gets a place on a shift.

Invariant: ``taken <= capacity``; places and queue numbers are given strictly in order of arrival; nobody gets a place
or waits for one at a time at which they have taken up something else. ``decide_group`` decides any number of requests
at once as if they had come one by one.

Whoever waits while a place is free cannot have it just now (`services.activities.signing_up.waiting_list`), so a free
place goes to the next who asks.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.activities.rules.domain import FIRST_RULES, RuleSet
from shared.contracts.codes import qualifications_named
from shared.contracts.faults import Code, Fault, RefusedError

_LACK_NOTHING: Mapping[UUID, Sequence[str]] = {}
LARGEST_PARTY = 50
"""As many sign up together at most."""


class SignUpState(StrEnum):
    """Where a sign-up stands. All but the last two are live: one of them a volunteer and shift."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    """A free place is held for somebody who waited, until they accept or the time is over."""
    ASKED_AGAIN = "asked_again"
    """The shift has moved: the place is held until the volunteer agrees or the time is over."""
    ATTENDING = "attending"
    COMPLETED = "completed"
    MISSING_CHECK_OUT = "missing_check_out"
    """Had come, and never checked out."""
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    """By the organiser: the shift does not take place, or has fewer places."""


HOLDING = (SignUpState.CONFIRMED, SignUpState.OFFERED, SignUpState.ASKED_AGAIN)
"""A place is kept for the sign-up, which has not been served yet."""
TAKING_UP = (*HOLDING, SignUpState.WAITING, SignUpState.ATTENDING)
"""The volunteer can sign up for nothing else at that time."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift as it is locked: its times (UTC) and how its places stand."""

    id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int
    next_queue_number: int
    place: str = ""
    organiser_id: UUID | None = None
    """Who published the activity, where that is a volunteer."""
    is_cancelled: bool = False
    dangerous: bool = False
    """Nobody under 18 takes part."""
    rules: RuleSet = FIRST_RULES
    """Those that its activity keeps."""
    needs: Sequence[str] = ()
    """Kinds of qualification that whoever comes must hold."""


NOBODY: Mapping[UUID, Code] = {}


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody on the register who asks for a place."""

    id: UUID
    minor: bool = False
    guardian_agreed: bool = False


def barred_from(shift: Shift, people: Iterable[KnownPerson]) -> dict[UUID, Code]:
    """Return who of these may not take part, and why: minors on what is dangerous, and without a guardian's consent.

    domain.md row 5; a guardian's consent does not open what is dangerous.
    """
    minors = [person for person in people if person.minor]
    if shift.dangerous:
        return {person.id: Code.NOT_FOR_MINORS for person in minors}
    return {person.id: Code.GUARDIAN_NEEDED for person in minors if not person.guardian_agreed}


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A live sign-up that stands in the way of another one: for the same shift, or at the same time."""

    id: UUID
    shift_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime

    def named(self) -> Mapping[str, str]:
        """Return it as a refusal names it."""
        return {
            "sign_up_id": str(self.id),
            "shift_id": str(self.shift_id),
            "title": self.title,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Place:
    """What a volunteer got: ``queue_number`` rises with arrival; ``position`` on the waiting list counts from 1."""

    state: SignUpState
    queue_number: int
    position: int | None


@dataclass(frozen=True, slots=True)
class GroupDecision:
    """A verdict per request, in order: a place for each of its party, or why not. And how the shift stands then."""

    verdicts: list[list[Place] | RefusedError]
    taken: int
    waiting: int
    next_queue_number: int


def decide_group(
    shift: Shift,
    now: datetime,
    parties: Sequence[Sequence[UUID]],
    known: Set[UUID],
    taken_up: Mapping[UUID, TakenUp],
    lacking: Mapping[UUID, Sequence[str]] = _LACK_NOTHING,
    barred: Mapping[UUID, Code] = NOBODY,
    unaccepted: Mapping[UUID, Sequence[str]] = _LACK_NOTHING,
) -> GroupDecision:
    """Decide requests in order of arrival, each of a party of one or more who come together or not at all.

    ``known`` are the volunteers on the register, ``taken_up`` what those have taken up who are signed up for the shift
    already, or for something else at its time, ``lacking`` the qualifications that the activity needs and they do not
    hold, ``barred`` those who may not take part and why, ``unaccepted`` the rule documents, by title, that they have to
    accept first. Whoever withdrew may sign up again, at the end of the queue.
    """
    taken, waiting, queue_number = shift.taken, shift.waiting, shift.next_queue_number
    closed = Code.NOT_OPEN if shift.is_cancelled else Code.TOO_LATE if shift.starts_at <= now else None
    present: set[UUID] = set()
    verdicts: list[list[Place] | RefusedError] = []
    for party in parties:
        size = len(party)
        if closed:
            verdicts.append(RefusedError(Fault("shift_id", closed)))
            continue
        if (
            not all(one in known for one in party)
            or not present.isdisjoint(party)
            or _any(party, taken_up)
            or _any(party, barred)
            or _any(party, lacking)
            or _any(party, unaccepted)
        ):
            verdicts.append(_refusal(shift, party, known, present, taken_up, lacking, barred, unaccepted))
            continue
        if size > shift.capacity:
            verdicts.append(RefusedError(Fault("group", Code.TOO_MANY)))
            continue
        present.update(party)
        if taken + size <= shift.capacity:
            verdicts.append([Place(SignUpState.CONFIRMED, queue_number + n, None) for n in range(size)])
            taken += size
        else:
            verdicts.append([Place(SignUpState.WAITING, queue_number + n, waiting + n + 1) for n in range(size)])
            waiting += size
        queue_number += size
    return GroupDecision(verdicts, taken, waiting, queue_number)


def _any(party: Sequence[UUID], found: Mapping[UUID, object]) -> bool:
    return not found.keys().isdisjoint(party)


def unqualified(field: str, kinds: Iterable[str]) -> Fault:
    """Return the fault of somebody who lacks a qualification, which names it."""
    named = tuple(kinds)
    words = {language: qualifications_named(named, language) for language in ("zh", "en")}
    return Fault(field, Code.QUALIFICATION, {"kinds": " ".join(named), **words})


def rules_to_accept(field: str, titles: Iterable[str]) -> Fault:
    """Return the fault of somebody who has to accept rule documents first, which names them."""
    named = tuple(titles)
    words = {"zh": "".join(f"《{title}》" for title in named), "en": ", ".join(f'"{title}"' for title in named)}
    return Fault(field, Code.RULES_TO_ACCEPT, words)


def _refusal(
    shift: Shift,
    party: Sequence[UUID],
    known: Set[UUID],
    present: Set[UUID],
    taken_up: Mapping[UUID, TakenUp],
    lacking: Mapping[UUID, Sequence[str]],
    barred: Mapping[UUID, Code],
    unaccepted: Mapping[UUID, Sequence[str]],
) -> RefusedError:
    """Return why a party is refused; of several people each who stands in the way, by number, and not with what.

    Of qualifications all that the activity needs are named to several: which of them somebody holds is their own.
    """
    alone = len(party) == 1
    faults = []
    for number, volunteer in enumerate(party):
        field = "shift_id" if alone else f"group.{number}"
        other = taken_up.get(volunteer)
        if volunteer not in known:
            faults.append(Fault("volunteer_id" if alone else field, Code.UNKNOWN_REFERENCE))
        elif volunteer in barred:
            faults.append(Fault(field, barred[volunteer]))
        elif volunteer in present or (other and other.shift_id == shift.id):
            faults.append(Fault(field, Code.ALREADY_SIGNED_UP))
        elif other:
            faults.append(Fault(field, Code.OVERLAP, other.named() if alone else None))
        elif volunteer in lacking:
            faults.append(unqualified(field, lacking[volunteer] if alone else shift.needs))
        elif volunteer in unaccepted:
            faults.append(rules_to_accept(field, unaccepted[volunteer]))
    return RefusedError(*faults)

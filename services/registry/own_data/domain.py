"""Until when somebody's data is bound, and what of it they have others put right.

Invariant: what a registration consists of is correct or is corrected by somebody: the person alone, where nobody else
can know better (skills, interests, where one lives, how one is reached), or the office, which looks at a paper.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum

from services.registry.people.domain import identity
from services.registry.people.domain.papers import of_18_digits
from services.registry.people.domain.volunteer import Checked, References, Volunteer, check
from services.registry.places.domain import wording
from shared.contracts.calendar import add_working_days, district_day

RECORDS_KEPT_YEARS = 10
"""GB/T 40143-2021: who served is known for as long as the records of it are kept."""
ANSWERED_WITHIN = 5
"""Working days. The law says "in time" (PIPL art. 46, MCA Order 67 art. 13) and names no days."""


class Correctable(StrEnum):
    """What the office puts right. Sex follows from the ID number."""

    NAME = "name"
    ID_NUMBER = "id_number"
    CATEGORY = "category"
    ORGANISATION = "organisation"


class CorrectionState(StrEnum):
    """Where a correction stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DROPPED = "dropped"
    """The person has ended their registration before it was answered."""


def bound_until(last_served_on: date | None, today: date) -> date | None:
    """Return the day on which nothing binds the data any more of somebody who served last on a day; None: nothing does.

    Who has never served is in no record that anybody has to be able to prove.
    """
    if last_served_on is None:
        return None
    year = last_served_on.year + RECORDS_KEPT_YEARS
    leap_day = (last_served_on.month, last_served_on.day) == (2, 29)
    free = date(year, 3, 1) if leap_day else last_served_on.replace(year=year)
    return free if free > today else None


def due_on(asked_at: datetime) -> date:
    """Return the last day for the answer to a correction."""
    return add_working_days(district_day(asked_at), ANSWERED_WITHIN)


def corrected(volunteer: Volunteer, changes: Mapping[str, str], references: References, today: date) -> Checked:
    """Return a volunteer of whom some fields are written differently, checked as a registration is.

    ``changes`` are fields as written (``people.domain.volunteer.FIELDS``).
    """
    written = {field: value for field, value in (as_written(volunteer, references) | dict(changes)).items() if value}
    if "id_number" in changes:
        written = _with_paper(written, changes, volunteer.born, today)
    checked = check(written, references, today)
    if checked.volunteer is None:
        return checked
    return replace(checked, volunteer=replace(checked.volunteer, number=volunteer.number))


def _with_paper(
    written: Mapping[str, str], changes: Mapping[str, str], born: date | None, today: date
) -> dict[str, str]:
    """Return fields in which what hangs on the ID number follows another one, but for what is stated with it.

    A number of 18 digits says sex, birthday and kind of paper. With any other the birthday stays as it is known.
    """
    number = wording.ungrouped(written.get("id_number", ""))
    if identity.fault_of(number, today) is None:
        follows = {"gender": identity.gender(number), "document": of_18_digits(number).value, "born_on": ""}
    else:
        follows = {"born_on": born.isoformat() if born else ""}
    stated = {field: changes[field] for field in ("document", "born_on") if changes.get(field)}
    return {field: value for field, value in {**written, **follows, **stated}.items() if value}


def as_written(volunteer: Volunteer, references: References) -> dict[str, str]:
    """Return a volunteer's fields as a roster's line has them; what is closed meanwhile is left out."""
    organisations = {found: code for code, found in references.organisations.items()}
    teams = {found: code for code, found in references.teams.items()}
    return {
        "number": volunteer.number,
        "name": volunteer.name,
        "gender": volunteer.gender,
        "document": volunteer.document.value,
        "id_number": volunteer.id_number,
        "born_on": volunteer.born_on.isoformat() if volunteer.born_on else "",
        "phone": volunteer.phone,
        "email": volunteer.email,
        "category": volunteer.category.value,
        "organisation": organisations.get(volunteer.organisation_id, "") if volunteer.organisation_id else "",
        "team": teams.get(volunteer.team_id, "") if volunteer.team_id else "",
        "skills": ";".join(volunteer.skills),
        "services": ";".join(volunteer.services),
        "community": volunteer.community or "",
        "registered_on": volunteer.registered_on.isoformat(),
    }

"""The steps of a registration, and what is typed in each.

Invariant: what was typed is in the form itself and nowhere else; nothing of a stranger is kept between two steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STEPS: Sequence[Sequence[str]] = (
    ("name", "gender", "document", "id_number", "born_on", "category"),
    ("services", "skills", "community"),
    ("consents",),
    ("guardian_name", "guardian_phone", "phone", "password"),
)
"""The fields that registry looks at when a step is left."""
LAST = len(STEPS)


@dataclass(frozen=True, slots=True)
class Typed:
    """Everything that has been typed so far."""

    name: str = ""
    gender: str = ""
    document: str = ""
    id_number: str = ""
    born_on: str = ""
    """Where the number does not say it."""
    category: str = ""
    community: str = ""
    phone: str = ""
    services: Sequence[str] = ()
    skills: Sequence[str] = ()
    consents: Sequence[str] = ()
    """The purposes that somebody has agreed to."""
    password: str = field(default="", repr=False)
    guardian_name: str = ""
    guardian_phone: str = ""
    """Of a minor."""

    def body(self, district: str, language: str, versions: Mapping[str, str]) -> dict[str, object]:
        """Return it as registry wants it; ``versions`` are those of the texts that were shown, by purpose."""
        return {
            "district": district,
            "language": language,
            "name": self.name,
            "gender": self.gender,
            "document": self.document,
            "id_number": self.id_number,
            "born_on": self.born_on,
            "category": self.category,
            "community": self.community,
            "phone": self.phone,
            "services": list(self.services),
            "skills": list(self.skills),
            "password": self.password,
            "guardian_name": self.guardian_name,
            "guardian_phone": self.guardian_phone,
            "consents": [
                {"purpose": purpose, "text_version": version, "given": purpose in self.consents}
                for purpose, version in versions.items()
            ],
        }


def step_of(faults: Mapping[str, str]) -> int:
    """Return the first step with a field at fault; the last one for what belongs to none."""
    names = {name.partition(".")[0] for name in faults}
    return next((number for number, fields in enumerate(STEPS, 1) if names & set(fields)), LAST)

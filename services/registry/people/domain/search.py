"""What staff type to find somebody: a volunteer number, a name, or the last digits of a number or phone.

Invariant: nothing in it needs a name or phone number in clear on file; both are found by keyed indexes of them.
"""

import re
from dataclasses import dataclass

from services.registry.people.domain.privacy import PHONE_TAIL, KeyRing
from services.registry.places.domain import wording
from shared.contracts import text

_NUMBER = re.compile(r"[0-9][0-9A-Z]{0,31}")
_TAIL = re.compile(rf"[0-9]{{{PHONE_TAIL}}}")
_PHONE = re.compile(r"1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True, repr=False)
class Search:
    """What to look for; whoever one of these finds is found. None finds nobody, an empty ``number_start`` everybody.

    ``number_start`` is without hyphens.
    """

    number_start: str | None = None
    number_end: str | None = None
    name_index: bytes | None = None
    phone_tail_index: bytes | None = None
    phone: str | None = None
    """The whole phone number, where one was typed: those who only end alike are not meant."""


def search_for(keys: KeyRing, typed: str) -> Search:
    """Return what to look for. Blanks and hyphens in numbers say nothing: people group them as they like."""
    value = text.tidy(typed)
    number, phone = wording.ungrouped(value), wording.phone(value)
    if _PHONE.fullmatch(phone):
        return Search(phone_tail_index=keys.phone_tail_index(phone), phone=phone)
    if _TAIL.fullmatch(number):
        return Search(number_start=number, number_end=number, phone_tail_index=keys.phone_tail_index(number))
    if not number or _NUMBER.fullmatch(number):
        return Search(number_start=number)
    return Search(name_index=keys.name_index(text.name(value)))

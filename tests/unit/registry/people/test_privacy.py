from datetime import date
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag

from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson
from services.registry.people.domain.volunteer import Volunteer
from shared.contracts import VolunteerCategory

KEYS = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32)
PERSON = Volunteer(
    "1", "张晓雨", "female", "519900199001011234", "13812340000", "ann@example.org", VolunteerCategory.RESIDENT,
    None, None, (), (), None, date(2026, 3, 1),
)  # fmt: skip


def test_what_is_sealed_opens_for_the_same_volunteer_alone() -> None:
    volunteer_id = uuid4()
    sealed = KEYS.seal_person(volunteer_id, PERSON)
    opened = KEYS.open_person(volunteer_id, sealed)
    assert opened == PersonalData("张晓雨", "female", "519900199001011234", "13812340000", "ann@example.org")
    with pytest.raises(InvalidTag):
        KEYS.open_person(uuid4(), sealed)
    with pytest.raises(InvalidTag):
        KeyRing(b"n" * 32, b"b" * 32, b"c" * 32).open_person(volunteer_id, sealed)
    other = KEYS.seal_person(volunteer_id, PERSON)
    with pytest.raises(InvalidTag):
        KEYS.open_person(volunteer_id, SealedPerson(sealed.wrapped_key, other.personal_data))


def test_masks() -> None:
    masked = PersonalData("张晓雨", "female", "519900199001011234", "13812340000", "ann@example.org").masked()
    assert (masked.name, masked.id_number, masked.phone, masked.email) == (
        "张**",
        "519900********1234",
        "138****0000",
        "a***@example.org",
    )
    assert PersonalData("张", "female", "519900199001011234", "13812340000", "").masked().email == ""


@pytest.mark.row(3)
def test_the_blind_index_depends_on_the_key_and_the_number() -> None:
    index = KEYS.blind_index("519900199001011234")
    assert index == KEYS.blind_index("519900199001011234")
    assert index != KEYS.blind_index("519900199001011235")
    assert index != KeyRing(b"m" * 32, b"x" * 32, b"c" * 32).blind_index("519900199001011234")


def test_no_repr_shows_a_person() -> None:
    personal = KEYS.open_person(volunteer_id := uuid4(), KEYS.seal_person(volunteer_id, PERSON))
    for shown in (repr(PERSON), repr(personal), repr(KEYS), repr(KEYS.entry(1, PERSON, normalised=False))):
        assert "张" not in shown
        assert "519900" not in shown


def test_a_signing_key_opens_under_its_own_id() -> None:
    sealed = KEYS.seal_signing_key("a", b"secret")
    assert KEYS.open_signing_key("a", sealed) == b"secret"
    with pytest.raises(InvalidTag):
        KEYS.open_signing_key("b", sealed)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        KeyRing(b"m" * 31, b"b" * 32, b"c" * 32)

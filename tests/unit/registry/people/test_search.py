"""What staff type leads to whom they mean."""

import pytest

from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.search import Search, search_for

KEYS = KeyRing(b"m" * 32, b"b" * 32, b"c" * 32)


@pytest.mark.parametrize(
    ("typed", "search"),
    [
        ("", Search(number_start="")),
        (" 510115000 ", Search(number_start="510115000")),
        ("510115-V-07a", Search(number_start="510115V07A")),
        ("5101 1500-0273—01", Search(number_start="51011500027301")),
        ("５１０１１５－Ｖ－０７", Search(number_start="510115V07")),
        ("５１０１１５", Search(number_start="510115")),
        ("0100", Search(number_start="0100", number_end="0100", phone_tail_index=KEYS.phone_tail_index("0100"))),
        ("170-2382-8271", Search(phone_tail_index=KEYS.phone_tail_index("8271"), phone="17023828271")),
        ("+86 17023828271", Search(phone_tail_index=KEYS.phone_tail_index("8271"), phone="17023828271")),
        ("张 晓雨", Search(name_index=KEYS.name_index("张晓雨"))),
        ("买买提・艾力", Search(name_index=KEYS.name_index("买买提·艾力"))),
        ("１７０\u3000２３８２ ８２７１", Search(phone_tail_index=KEYS.phone_tail_index("8271"), phone="17023828271")),
        (" ＪＯＨＮ\u00a0Smith", Search(name_index=KEYS.name_index("JOHN Smith"))),
        ("\u202a买买提 ‧ 艾力\u202c", Search(name_index=KEYS.name_index("买买提·艾力"))),
        ("John Smith", Search(name_index=KEYS.name_index("John Smith"))),
    ],
)
def test_numbers_with_hyphens_names_and_phones_are_told_apart(typed: str, search: Search) -> None:
    assert search_for(KEYS, typed) == search


def test_an_index_says_nothing_without_the_key_and_is_for_one_purpose() -> None:
    other = KeyRing(b"m" * 32, b"x" * 32, b"c" * 32)
    assert KEYS.name_index("8271") != other.name_index("8271")
    assert KEYS.name_index("8271") != KEYS.phone_tail_index("8271")
    assert KEYS.phone_tail_index("17023828271") == KEYS.phone_tail_index("13800008271")

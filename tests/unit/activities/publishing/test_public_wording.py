"""How a person in charge is named in events: nobody can be called by what stands there."""

import pytest

from services.activities.publishing.domain import public_wording


@pytest.mark.parametrize(
    ("written", "public"),
    [
        ("李站长 13800000000", "李站长 …"),
        ("站长办公室 028-8270 0000", "站长办公室 …"),
        ("Ann (+86 138 0000 0000)", "Ann (…)"),
        ("li@example.org", "…"),
        ("3 号楼值班室", "3 号楼值班室"),
    ],
)
def test_numbers_and_addresses_are_left_out(written: str, public: str) -> None:
    assert public_wording(written) == public

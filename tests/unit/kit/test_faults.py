"""Every refusal reads well in both languages."""

import pytest

from shared.contracts.faults import MESSAGES, Code, Fault


@pytest.mark.parametrize("code", Code)
def test_a_fault_speaks_chinese_and_english(code: Code) -> None:
    fault = Fault("phone", code)
    assert fault.message("en").startswith("phone ")
    assert any("\u4e00" <= character <= "\u9fff" for character in fault.message("zh-CN"))


def test_a_fault_of_the_whole_line_has_no_field() -> None:
    assert Fault("", Code.COLUMN_COUNT).message("en").startswith("the line has")


def test_every_code_has_its_words() -> None:
    assert set(MESSAGES) == set(Code)

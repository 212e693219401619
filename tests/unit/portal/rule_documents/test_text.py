"""The plain text of a rule document becomes headings and paragraphs."""

import pytest

from services.portal.rule_documents.domain import Block, blocks_of


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("", []),
        ("一段。", [Block("一段。")]),
        ("一\n二\r\n\r\n 三 ", [Block("一\n二"), Block("三")]),
        ("# 总则\n按时。", [Block("总则", is_heading=True), Block("按时。")]),
        ("前言\n## 第一章", [Block("前言"), Block("第一章", is_heading=True)]),
        ("#\n\n#  \n一", [Block("一")]),
    ],
)
def test_empty_lines_part_paragraphs_and_a_number_sign_makes_a_heading(text: str, blocks: list[Block]) -> None:
    assert [*blocks_of(text)] == blocks

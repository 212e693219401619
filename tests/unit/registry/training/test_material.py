"""Row 18: what training material must say, and what a test comes to."""

from dataclasses import replace

import pytest

from services.registry.training.domain import Material, Question, material_faults, right_answers
from shared.contracts.evidence import LARGEST_EVIDENCE

QUESTION = Question("住户送您水果，怎么办？", ("收下", "婉拒"), 1)
MATERIAL = Material("上门探访须知", "进门前先打电话。", None, (QUESTION, QUESTION), 1)


def faults(material: Material) -> dict[str, str]:
    return {fault.field: fault.code for fault in material_faults(material)}


@pytest.mark.row(18)
def test_a_text_or_a_document_with_a_test_or_none_is_material() -> None:
    assert faults(MATERIAL) == {}
    assert faults(replace(MATERIAL, body="", document=b"%PDF-1.7", quiz=(), pass_mark=0)) == {}


@pytest.mark.row(18)
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"subject": ""}, {"subject": "missing"}),
        ({"subject": "x" * 101}, {"subject": "too_long"}),
        ({"body": ""}, {"body": "missing"}),
        ({"document": b"MZ"}, {"file": "file_type"}),
        ({"document": b"%PDF-".ljust(LARGEST_EVIDENCE + 1)}, {"file": "too_large"}),
        ({"pass_mark": 3}, {"pass_mark": "out_of_range"}),
        ({"pass_mark": 0}, {"pass_mark": "out_of_range"}),
        ({"quiz": (QUESTION,) * 11}, {"quiz": "too_many"}),
        ({"quiz": (replace(QUESTION, question=""),)}, {"quiz.0.question": "missing"}),
        ({"quiz": (replace(QUESTION, choices=("收下",), right=0),)}, {"quiz.0.choices": "missing"}),
        ({"quiz": (replace(QUESTION, choices=("收下", "收下")),)}, {"quiz.0.choices": "named_twice"}),
        ({"quiz": (QUESTION, replace(QUESTION, right=2))}, {"quiz.1.right": "out_of_range"}),
        ({"quiz": (QUESTION, replace(QUESTION, right=-1))}, {"quiz.1.right": "out_of_range"}),
    ],
)
def test_every_fault_is_named_by_its_field(changes: dict[str, object], found: dict[str, str]) -> None:
    assert faults(replace(MATERIAL, **changes)) == found  # type: ignore[arg-type]


@pytest.mark.row(18)
def test_a_test_counts_the_right_answers() -> None:
    assert right_answers([1, 0, 2], [1, 1, 2]) == 2

"""What is said of a file and its lines is in the words of the file; of its name nothing is kept that names anybody."""

import pytest

from services.activities.records.record_import import SERVICE_RECORDS
from services.registry.places.reference_import import import_kinds
from shared.contracts.faults import Code, Fault
from shared.imports.wording import kept_name, sentences


@pytest.mark.parametrize(
    ("headers", "field", "chinese", "english"),
    [
        (SERVICE_RECORDS.columns, "volunteer_no", "志愿者编号：系统中没有这一项", "volunteer_no refers to"),
        (import_kinds()["stations"].columns, "name", "名称：系统中没有这一项", "name refers to"),
        (
            import_kinds()["stations"].columns,
            "volunteer_quota",
            "志愿者名额：系统中没有这一项",
            "volunteer_quota refers",
        ),
        ({}, "", "系统中没有这一项", "refers to"),
    ],
)
def test_a_column_is_called_as_the_header_calls_it(
    headers: dict[str, str], field: str, chinese: str, english: str
) -> None:
    said = sentences(Fault(field, Code.UNKNOWN_REFERENCE), headers)
    in_chinese, in_english = said.split(" / ")
    assert in_chinese == chinese
    assert in_english.startswith(english)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("张三等5人名单.xlsx", "roster.xlsx"),
        ("a.CSV.GZ", "roster.csv.gz"),
        ("名单.gz", "roster.gz"),
        ("张三.李四", "roster"),
        ("519900200604070186", "roster"),
        (".张三", "roster"),
        ("", "roster"),
        ("a.csv\\张三", "roster"),
        ("x.xlsx\n", "roster"),
    ],
)
def test_of_a_files_name_the_ending_is_kept_alone(written: str, kept: str) -> None:
    """Case X5."""
    assert kept_name("roster", written) == kept

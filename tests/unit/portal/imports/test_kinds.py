"""What the pages of imports say of files is what the services read: the same columns, and samples without a fault."""

import csv
import io
from collections.abc import Mapping

import pytest

from services.activities.records.record_import import COLUMNS as RECORD_COLUMNS
from services.portal.imports.domain import BYTE_ORDER_MARK, KINDS, Kind
from services.registry.people.roster_import import COLUMNS as ROSTER_COLUMNS
from services.registry.people.roster_import import OF_OTHER_PAPERS
from services.registry.places.reference_import import import_kinds
from services.registry.surveys.answer_import import NEED_ANSWERS
from shared.imports.columns import Columns


def read_by_services() -> Mapping[str, Columns]:
    """Return the columns of every kind of file that a service takes."""
    return {name: kind.columns for name, kind in import_kinds().items()} | {
        "roster": Columns(ROSTER_COLUMNS | OF_OTHER_PAPERS),
        "service-records": Columns(RECORD_COLUMNS),
        "need-answers": NEED_ANSWERS.columns,
    }


def test_every_kind_of_file_has_a_page() -> None:
    assert KINDS.keys() == read_by_services().keys()


@pytest.mark.row(4)
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_columns_that_are_explained_are_those_that_are_read(kind: Kind) -> None:
    columns = read_by_services()[kind.name]
    assert [column.field for column in kind.columns] == list(columns.fields)
    assert [columns.field_of(column.header) for column in kind.columns] == list(columns.fields)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_sample_has_every_column_and_what_is_needed_is_filled_in(kind: Kind) -> None:
    sample = kind.sample("510115")
    assert sample.startswith(BYTE_ORDER_MARK)
    lines = list(csv.DictReader(io.StringIO(sample.removeprefix(BYTE_ORDER_MARK))))
    assert lines
    for line in lines:
        assert list(line) == [column.header for column in kind.columns]
        assert all(line[column.header] for column in kind.columns if column.is_required)
        assert not any("{" in value for value in line.values())

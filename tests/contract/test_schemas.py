"""No event's contract changes in a way that breaks what is deployed or what is stored."""

import json
from enum import StrEnum
from uuid import UUID

import pytest
from pydantic import BaseModel, create_model

from deploy.docs import schema_path
from shared.contracts import EVENTS, Event
from tests.contract.compatibility import incompatibilities


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: event.__name__)
def test_an_event_is_compatible_with_its_frozen_schema(event: type[Event]) -> None:
    path = schema_path(event)
    assert path.exists(), f"{path.name} is not frozen yet: run `make docs` and commit it"
    faults = incompatibilities(json.loads(path.read_text()), event.model_json_schema())
    assert not faults, f"{event.__name__} needs a new version and an upcaster (shared/contracts/upcasters.py): {faults}"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(BaseModel):
    number: int


class Base(BaseModel):
    """The contract that the changes below are made to."""

    id: UUID
    colour: Colour
    parts: tuple[Part, ...]
    note: str | None = None


Fewer = StrEnum("Colour", {"RED": "red"})  # type: ignore[misc]
More = StrEnum("Colour", {"RED": "red", "BLUE": "blue", "GREEN": "green"})  # type: ignore[misc]


class WithoutNote(BaseModel):
    id: UUID
    colour: Colour
    parts: tuple[Part, ...]


class PartWithMore(Part):
    name: str = ""


class PartThatNeedsMore(Part):
    name: str


@pytest.mark.parametrize(
    "changed",
    [
        create_model("Base", __base__=Base, added=(str | None, None)),
        create_model("Base", __base__=Base, added=(int, 0)),
        create_model("Base", __base__=Base, parts=(tuple[PartWithMore, ...], ...)),
        create_model("Renamed", __base__=Base, __doc__="Other words."),
    ],
)
def test_optional_additions_and_other_words_are_compatible(changed: type[BaseModel]) -> None:
    assert incompatibilities(Base.model_json_schema(), changed.model_json_schema()) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        (create_model("Base", __base__=Base, added=(str, ...)), ".added: has become required"),
        (create_model("Base", __base__=Base, note=(str | None, ...)), ".note: has become required"),
        (create_model("Base", __base__=Base, colour=(Colour, Colour.RED)), ".colour: has become optional"),
        (create_model("Base", __base__=Base, note=(str | None, "none")), ".note: "),
        (WithoutNote, ".note: removed"),
        (create_model("Base", __base__=Base, id=(str, ...)), ".id: "),
        (create_model("Base", __base__=Base, id=(int, ...)), ".id: "),
        (create_model("Base", __base__=Base, note=(str, "")), ".note: "),
        (create_model("Base", __base__=Base, note=(int | None, None)), ".note: "),
        (create_model("Base", __base__=Base, colour=(Fewer, ...)), ".colour: the values"),
        (create_model("Base", __base__=Base, colour=(More, ...)), ".colour: the values"),
        (create_model("Base", __base__=Base, parts=(tuple[int, ...], ...)), ".parts[]: "),
        (create_model("Base", __base__=Base, parts=(tuple[PartThatNeedsMore, ...], ...)), ".parts[].name: has become"),
    ],
)
def test_any_other_change_is_found(changed: type[BaseModel], fault: str) -> None:
    faults = incompatibilities(Base.model_json_schema(), changed.model_json_schema())
    assert any(found.startswith(fault) for found in faults), faults

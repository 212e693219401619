"""What people are told in Chinese is Chinese: its punctuation too, and a word for each field that they fill in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from services.registry.codes.wording import SENTENCES
from services.registry.consents.texts import TEXTS as CONSENT_TEXTS
from shared.contracts.faults import MESSAGES
from shared.contracts.fields import WORDS
from shared.http.problems import TITLES

ROOT = Path(__file__).parents[2]
_IDEOGRAPH = "[\u4e00-\u9fff]"
_HALF_WIDTH = re.compile(f"{_IDEOGRAPH}\\s*[,;:!?()](?!//)|[,;:!?(]{_IDEOGRAPH}|{_IDEOGRAPH}[.](?![a-zA-Z0-9])")


def _sentences() -> Iterator[tuple[str, str]]:
    for code, (chinese, _) in MESSAGES.items():
        yield f"fault {code}", chinese
    for slug, (chinese, _) in TITLES.items():
        yield f"problem {slug}", chinese
    with (ROOT / "services/portal/locale/en/LC_MESSAGES/portal.po").open("rb") as file:
        for message in read_po(file):
            for written in [message.id] if isinstance(message.id, str) else message.id:
                yield "portal.po", re.sub(r"%\(\w+\)s", "X", written)
    for template in (ROOT / "services/notifications/messages/templates/zh-CN").glob("*.txt"):
        yield template.name, template.read_text()
    for purpose, consent in CONSENT_TEXTS.items():
        yield f"consent {purpose}", f"{consent.title[0]}\n{consent.text[0]}"
    for text, (chinese, _) in SENTENCES.items():
        yield f"text {text}", chinese


def test_a_chinese_sentence_has_chinese_punctuation() -> None:
    assert [f"{where}: {sentence}" for where, sentence in _sentences() if _HALF_WIDTH.search(sentence)] == []


def test_what_may_be_declined_has_one_word_on_pages_and_in_messages_and_consents() -> None:
    assert [f"{where}: {sentence}" for where, sentence in _sentences() if "推荐" in sentence] == []


def _properties(document: dict[str, Any], schema: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _properties(document, part, seen)
    if not isinstance(schema, dict):
        return
    if name := schema.get("$ref", "").rpartition("/")[2]:
        if name not in seen:
            yield from _properties(document, document["components"]["schemas"][name], seen | {name})
        return
    for field, part in schema.get("properties", {}).items():
        yield field
        yield from _properties(document, part, seen)
    for key in ("items", "anyOf", "allOf", "oneOf"):
        yield from _properties(document, schema.get(key), seen)


@pytest.mark.parametrize("path", sorted((ROOT / "docs/api").glob("*.json")), ids=lambda path: path.stem)
def test_every_field_that_a_route_takes_has_a_word(path: Path) -> None:
    document = json.loads(path.read_text())
    fields: set[str] = set()
    for operations in document["paths"].values():
        for operation in operations.values():
            fields |= {parameter["name"] for parameter in operation.get("parameters", [])}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                fields |= set(_properties(document, content["schema"]))
    assert {field for field in fields if field.lower() not in WORDS} == set()

"""Every sentence of the pages has its English, with the same places for what is filled in."""

import re

from services.portal.shell import catalogue

_PLACES = re.compile(r"%\(\w+\)s")


def test_the_catalogue_has_every_sentence_and_no_other() -> None:
    said = {message.id for message in catalogue.collected() if message.id}
    kept = {message.id for message in catalogue.read() if message.id}
    assert said == kept, "run `linbang portal messages`, then write the English"


def test_every_sentence_has_its_english_with_the_same_places() -> None:
    for message in catalogue.read():
        if message.id:
            assert message.string, message.id
            assert not message.fuzzy, message.id
            assert set(_PLACES.findall(str(message.id))) == set(_PLACES.findall(str(message.string))), message.id


def test_the_keys_are_the_chinese_sentences() -> None:
    chinese = catalogue.translations("zh-CN")
    assert chinese.gettext("报名") == "报名"
    assert catalogue.translations("en").gettext("报名") == "Sign up"

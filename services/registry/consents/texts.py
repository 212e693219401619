"""The texts that people consent to (``texts.toml``), each version for as long as somebody has consented to it.

Invariant: a text that was shown is never changed: another wording is another version, and is put beside the old one.
Consents are asked for apart (PIPL art. 14, 23, 24, 29, 39), and a service is not refused for want of one that it does
not need (art. 16): two are needed to be registered, the others are a choice.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ConsentPurpose(StrEnum):
    """What data is handled for."""

    SERVICE = "service"
    ID_NUMBER = "id_number"
    NOTICES = "notices"
    """Mails and text messages of sign-ups, reminders and hours. The inbox is no part of it, nor are codes."""
    PROPOSALS = "proposals"
    """An automated decision (PIPL art. 24): the allocation of people to stations."""
    PUBLICITY = "publicity"
    """A whole name in public. Nothing publishes one yet: names are masked everywhere."""


NEEDED = (ConsentPurpose.SERVICE, ConsentPurpose.ID_NUMBER)
"""Without these nobody can be registered; they end with the registration alone."""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of a text, as (Chinese, English)."""

    version: str
    title: tuple[str, str]
    text: tuple[str, str]


def _text(written: Mapping[str, str]) -> ConsentText:
    return ConsentText(
        written["version"],
        (written["title_zh"], written["title_en"]),
        (written["text_zh"], written["text_en"]),
    )


_WRITTEN = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
EVERY_TEXT = {(ConsentPurpose(each["purpose"]), each["version"]): _text(each) for each in _WRITTEN["text"]}
"""Every version of each."""
TEXTS: dict[ConsentPurpose, ConsentText] = {purpose: text for (purpose, _), text in EVERY_TEXT.items()}
"""The present version of each: the last one."""
GUARDIAN_TEXT = _text(_WRITTEN["guardian"][-1])
"""What a minor's guardian agrees to, in its present version."""

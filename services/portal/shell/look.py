"""How somebody wants pages shown: language, light or dark, 长辈版, and the district that they look at.

Invariant: it comes from cookies that say nothing else, so it holds before log-in and after log-out.
"""

import re
from dataclasses import dataclass

from fastapi import Request

from shared.http.problems import language_of

LANGUAGES = {"zh": "zh-CN", "en": "en"}
THEMES = ("light", "dark")
ELDER = "elder"
"""The mode with larger type and targets (MIIT 2021: 长辈版)."""
_DISTRICT = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Look:
    """How pages are shown. ``theme`` is empty where the device decides; ``mode`` is empty or ``elder``."""

    language: str = "zh-CN"
    theme: str = ""
    mode: str = ""
    district: str = ""

    @property
    def is_elder(self) -> bool:
        """Whether 长辈版 is on."""
        return self.mode == ELDER


def look_of(request: Request) -> Look:
    """Return what the request's cookies say; where none says the language, the browser's."""
    cookies = request.cookies
    theme, district = cookies.get("theme", ""), cookies.get("district", "")
    return Look(
        language=LANGUAGES.get(cookies.get("lang", "")) or language_of(request),
        theme=theme if theme in THEMES else "",
        mode=ELDER if cookies.get("mode") == ELDER else "",
        district=district if is_district(district) else "",
    )


def is_district(code: str) -> bool:
    """Return whether something has the form of a district's code."""
    return _DISTRICT.fullmatch(code) is not None


def local_path(path: str) -> str:
    """Return a path of this site to go back to; anything else, which could lead away, becomes the home page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"

"""The languages of the pages: a sentence's key is its Chinese, so what has no English yet is shown in Chinese.

Invariant: the one catalogue is ``locale/en/LC_MESSAGES/portal.po``, read into memory; there is no compiled file that
could be stale. A test fails where a sentence of a page is missing there.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PORTAL = Path(__file__).parents[1]
FILE = PORTAL / "locale" / "en" / "LC_MESSAGES" / "portal.po"
_METHODS = [("**/templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS = {"**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
_KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None}


@cache
def translations(language: str) -> NullTranslations:
    """Return what turns the pages' sentences into ``en``, or leaves them as they are."""
    if not language.startswith("en"):
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read())
    compiled.seek(0)
    return GNUTranslations(compiled)


def read() -> Catalog:
    """Return the English catalogue as it is kept."""
    with FILE.open("rb") as file:
        return read_po(file, locale="en")


def collected() -> Catalog:
    """Return the sentences of all templates and modules, without English."""
    found = Catalog(locale="en", charset="utf-8")
    for name, line, message, comments, context in extract_from_dir(
        PORTAL, _METHODS, _OPTIONS, _KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return found


def update() -> int:
    """Write the catalogue anew: what pages say no longer goes, what is new is added. Return how many lack English."""
    kept = read() if FILE.exists() else Catalog(locale="en")
    made = collected()
    for message in made:
        before = kept.get(message.id, message.context) if message.id else None
        if before and before.string:
            message.string = before.string
    with FILE.open("wb") as file:
        write_po(file, made, width=120, no_location=True, omit_header=False, sort_output=True)
    return sum(1 for message in made if message.id and not all(_strings(message.string)))


def _strings(string: object) -> list[str]:
    return [str(one) for one in string] if isinstance(string, (list, tuple)) else [str(string or "")]

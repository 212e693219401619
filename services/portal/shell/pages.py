"""Templates made into pages: ``pages.response("volunteer/me.html", look, visit=…)``.

Invariant: what a template is given is escaped; what it is not given is an error. A template is named by its part:
``volunteer/me.html`` is ``services/portal/volunteer/templates/me.html``.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree as ET

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from lucide.jinja import lucide
from markupsafe import Markup

from services.portal.shell.assets import Assets
from services.portal.shell.catalogue import PORTAL, translations
from services.portal.shell.formats import Formats
from services.portal.shell.look import LANGUAGES, Look
from services.portal.shell.site import Site
from services.portal.shell.words import QUALIFICATION_KINDS, STATE_KINDS, WordsOf
from shared.contracts.calendar import holidays_known

HTMX = (
    '{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"historyCacheSize":0,'
    '"selfRequestsOnly":true,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"(403|404|409|422|429)","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)
"""What htmx may do: nothing that evaluates text, nothing kept in the browser's storage, no other host."""


class Pages:
    """The templates of every part, in each language."""

    def __init__(self, assets: Assets, site: Site) -> None:
        loader = PrefixLoader(
            {
                folder.parent.name: FileSystemLoader(folder, encoding="utf-8")
                for folder in sorted(Path(PORTAL).glob("*/templates"))
            }
        )
        self.environments: Mapping[str, Environment] = {
            language: _environment(loader, language, assets, site) for language in LANGUAGES.values()
        }

    def text(self, template: str, look: Look, /, **shown: Any) -> str:  # noqa: ANN401 - templates take anything
        """Return what a template makes of what is shown."""
        return self.environments[look.language].get_template(template).render(look=look, **shown)

    def response(self, template: str, look: Look, status: int = 200, /, **shown: Any) -> HTMLResponse:  # noqa: ANN401
        """Return a page, or a part of one."""
        headers = {"Content-Language": look.language, "Vary": "HX-Request, Cookie, Accept-Language"}
        return HTMLResponse(self.text(template, look, **shown), status, headers)


@cache
def icon(symbol: str, kind: str = "") -> Markup:
    """Return one of lucide's icons, as large as the type around it; its lines are drawn by the class ``icon``."""
    drawing = ET.fromstring(lucide(symbol))  # noqa: S314 - a file of the package
    lines = "".join(
        f"<{line.tag} " + " ".join(f'{name}="{value}"' for name, value in line.attrib.items()) + "/>"
        for line in drawing
    )
    of_class = f"icon {kind}" if kind else "icon"
    return Markup(f'<svg class="{of_class}" viewBox="0 0 24 24" aria-hidden="true">{lines}</svg>')  # noqa: S704 - as above


def _environment(loader: PrefixLoader, language: str, assets: Assets, site: Site) -> Environment:
    texts = translations(language)
    made = Environment(
        loader=loader,
        autoescape=True,
        auto_reload=False,
        cache_size=-1,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    formats = Formats(language, texts)
    names = (
        "day",
        "near_day",
        "month_day",
        "month",
        "weekday",
        "clock",
        "clock_seconds",
        "hours",
        "span",
        "moment",
        "stamp",
        "until",
        "read_moment",
    )
    made.filters |= {name: getattr(formats, name) for name in (*names, "number", "duration")}
    made.tests["of_known_holidays"] = holidays_known
    made.globals |= {
        "asset": assets.url,
        "icon": icon,
        "greeting": formats.greeting,
        "new_key": lambda: str(uuid4()),
        "htmx": HTMX,
        "words": WordsOf(language, texts),
        "state_kinds": STATE_KINDS,
        "qualification_kinds": QUALIFICATION_KINDS,
        "site": site,
        "language": language,
    }
    return made

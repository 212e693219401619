"""A browser without scripts, as little of one as a day on the pages needs: cookies, links, forms, redirects.

Invariant: only what a page offers is sent: a form's own address with its own hidden fields, and an address that a page
links to or that somebody would type. What is found is what the page says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx

_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_BLOCKS = frozenset({"br", "button", "dd", "div", "dt", "h1", "h2", "h3", "li", "p", "section"})
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


@dataclass
class Element:
    """An element of a page, with what is in it."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def all(self, tag: str, of_class: str = "", **attributes: str) -> Iterator[Element]:
        """Give every element below this one with a tag, and a class and attributes where they are named."""
        for child in self.children:
            if isinstance(child, Element):
                if _is(child, tag, of_class, attributes):
                    yield child
                yield from child.all(tag, of_class, **attributes)

    def first(self, tag: str, of_class: str = "", **attributes: str) -> Element | None:
        """Give the first of them; None where there is none."""
        return next(self.all(tag, of_class, **attributes), None)

    @property
    def text(self) -> str:
        """What one reads of it, in one line."""
        return " ".join("".join(_texts(self)).split())

    @property
    def first_line(self) -> str:
        """The first line of a text whose lines are shown as they are."""
        return "".join(_texts(self)).strip().partition("\n")[0]


def _is(element: Element, tag: str, of_class: str, attributes: Mapping[str, str]) -> bool:
    return (
        element.tag == tag
        and (not of_class or of_class in element.attributes.get("class", "").split())
        and all(element.attributes.get(name) == value for name, value in attributes.items())
    )


def _texts(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        else:
            yield from _texts(child)
            if child.tag in _BLOCKS:
                yield " "


@dataclass(frozen=True)
class Page:
    """A page that was opened: where, and what it shows. ``status`` is that of a page that says why not, too."""

    url: str
    status: int
    root: Element

    @classmethod
    def read(cls, text: str, url: str = "", status: int = 200) -> Self:
        """Read a page's HTML."""
        reader = _Reader()
        reader.feed(text)
        reader.close()
        return cls(url, status, reader.root)

    @property
    def path(self) -> str:
        """The address without the host."""
        return httpx.URL(self.url).raw_path.decode()

    @property
    def main(self) -> Element:
        """What is the page's own."""
        return self.root.first("main") or self.root

    def form(self, action: str) -> Element | None:
        """Give the form that is sent to an address; None where the page has none."""
        return self.root.first("form", action=action)


class Browser:
    """One person's browser. Use it in a ``with`` block."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._http = httpx.Client(
            base_url=origin,
            headers={"Accept-Language": "zh-CN", "User-Agent": "linbang-demo"},
            timeout=_TIMEOUT,
            follow_redirects=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def open(self, path: str) -> Page:
        """Open an address."""
        return _page(self._http.get(path))

    def submit(self, page: Page, form: Element, typed: Mapping[str, str] | None = None) -> Page:
        """Send a form of a page, its hidden fields and what is ``typed`` into others; give the page that follows."""
        hidden = {
            entry.attributes["name"]: entry.attributes.get("value", "")
            for entry in form.all("input")
            if "name" in entry.attributes
        }
        address = urljoin(page.url, form.attributes["action"])
        return _page(self._http.post(address, data=hidden | dict(typed or {}), headers={"Origin": self.origin}))


def _page(answer: httpx.Response) -> Page:
    return Page.read(answer.text, str(answer.url), answer.status_code)


class _Reader(HTMLParser):
    """Makes elements of HTML whose end tags are all there."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

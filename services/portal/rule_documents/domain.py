"""How the plain text of a rule document is shown: its headings and paragraphs."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph; a paragraph's line breaks stay."""

    text: str
    is_heading: bool = False


def blocks_of(text: str) -> Iterator[Block]:
    """Yield a text's headings (lines that begin with ``#``) and its paragraphs (between empty lines)."""
    paragraph: list[str] = []
    for line in (*text.splitlines(), ""):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            paragraph.append(stripped)
            continue
        if paragraph:
            yield Block("\n".join(paragraph))
            paragraph = []
        if heading := stripped.lstrip("#").strip():
            yield Block(heading, is_heading=True)

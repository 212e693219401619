"""Which characters the bytes of a text file stand for.

Invariant: certain, or refused. UTF-8 is recognised by its own rules, UTF-16 by its byte order mark, and GB18030 (with
GBK and GB2312 in it) by what comes out: nearly any bytes are GB18030.
"""

import codecs
import re
from collections.abc import Callable
from typing import NoReturn

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports.lines import Opener

_PIECE = 1024 * 1024
_SAMPLE = 256 * 1024
_MARKS = (
    (b"\xff\xfe\x00\x00", ""),
    (b"\x00\x00\xfe\xff", ""),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
"""Byte order mark -> encoding; UTF-32 is refused."""
_WIDE = re.compile("[\u0800-\U0010ffff]")
_COMMON = 2 / 3
"""Of the letters of any Chinese text, at least so many are in GB 2312; of other code pages read as Chinese, few are."""


def encoding_of(opened: Opener, is_header: Callable[[str], bool]) -> str:
    """Return the encoding of a text file.

    ``is_header`` says of the first lines, decoded, whether they hold a header that is not all ASCII. Raises
    RefusedError (encoding, unreadable_file).
    """
    with opened() as file:
        start = file.read(_SAMPLE)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is not None:
        if not marked or not _decodes(opened, marked)[0]:
            _refuse()
        return marked
    if b"\0" in start.partition(b"\n")[0]:
        _refuse(Code.ENCODING if _is_utf16(start) else Code.UNREADABLE_FILE)
    valid, wide = _decodes(opened, "utf-8")
    if valid and (wide or start.isascii()):
        return "utf-8"
    chinese = _decodes(opened, "gb18030")[0]
    if valid and (not chinese or is_header(_decoded(start, "utf-8"))):
        return "utf-8"
    if not chinese:
        _refuse(Code.UNREADABLE_FILE if _is_binary(start) else Code.ENCODING)
    text = _decoded(start, "gb18030")
    if not is_header(text) and (valid or not _reads_as_chinese(text)):
        _refuse()
    return "gb18030"


def _refuse(code: Code = Code.ENCODING) -> NoReturn:
    raise RefusedError(Fault("file", code))


def _decodes(opened: Opener, encoding: str) -> tuple[bool, bool]:
    """Return whether a whole file is in an encoding, and whether it has a character beyond U+07FF."""
    decoder = codecs.getincrementaldecoder(encoding)()
    wide = False
    with opened() as file:
        try:
            while piece := file.read(_PIECE):
                text = decoder.decode(piece)
                wide = wide or bool(_WIDE.search(text) if not text.isascii() else False)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False, wide
    return True, wide


def _decoded(start: bytes, encoding: str, errors: str = "strict") -> str:
    return codecs.getincrementaldecoder(encoding)(errors).decode(start)


def _is_binary(start: bytes) -> bool:
    """Return whether these are no text at all: control characters that no text has."""
    return any(
        byte in start for byte in (b"\0", b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x0e", b"\x0f")
    )


def _is_utf16(start: bytes) -> bool:
    """Return whether these are UTF-16 without its mark; it is refused, but with another sentence."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decoded(start[: len(start) // 2 * 2], encoding, "replace")[:1000]
        if any(sign in text for sign in ",;\t\n") and "".join(text.split()).isprintable():
            return True
    return False


def _reads_as_chinese(text: str) -> bool:
    letters = [letter for letter in text if not letter.isascii()]
    return sum(_in_gb2312(letter) for letter in letters) >= _COMMON * len(letters)


def _in_gb2312(letter: str) -> bool:
    try:
        letter.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True

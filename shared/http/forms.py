"""What people fill in, as the fields of a body.

Invariant: a rule sees text in its one form (``contracts.text``) alone, whether a file or a form has brought it.
"""

from typing import Annotated

from pydantic import AfterValidator

from shared.contracts import text

Line = Annotated[str, AfterValidator(text.line)]
"""A title, a place: one line, should the rules allow no more."""
Paragraphs = Annotated[str, AfterValidator(text.tidy)]
"""A description, a reason: a text of several lines."""
Number = Annotated[str, AfterValidator(text.number)]
"""A volunteer number or code that somebody types or scans."""

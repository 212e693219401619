"""What routes of pages are handed besides the visit."""

from typing import Annotated

from fastapi import Depends, Request

from services.portal.shell.kept import Kept


def _kept(request: Request) -> Kept:
    kept: Kept = request.app.state.kept
    return kept


KeptAnswers = Annotated[Kept, Depends(_kept)]

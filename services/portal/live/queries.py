"""What open pages are told."""

import json

from fastapi import FastAPI

from services.portal.activities.queries import ACTIVITY, find_activity
from services.portal.live.streams import Name
from services.portal.me.queries import MY_MESSAGES
from services.portal.sessions.visits import Visit, calls_of
from services.portal.shell.ids import uuid_of
from services.portal.shell.kept import Kept
from services.portal.shell.look import Look
from services.portal.shell.pages import Pages
from shared.http.upstream import RefusedByServiceError, unless_away

INBOX = "inbox"
_ACTIVITY = "activity:"


class LiveMessages:
    """Says of an activity how its places stand, as anybody sees them; of all else, that it has changed.

    ``marks`` say what is shown of it besides counts: a page whose parts have other marks asks for these again.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._kept: Kept = app.state.kept
        self._pages: Pages = app.state.pages

    def forget(self, changed: Name) -> None:
        """Have an activity read anew by whoever asks next."""
        district, name = changed
        self._kept.forget(ACTIVITY, district, uuid_of(name.removeprefix(_ACTIVITY)))

    def begin(self, changed: Name) -> None:
        """Have it read anew: what was asked for while it changed may be kept."""
        self.forget(changed)

    async def make(self, changed: Name, language: str) -> str | None:
        """Return the message; None where the activity is not to be seen."""
        district, name = changed
        if not name.startswith(_ACTIVITY):
            return json.dumps({"name": name})
        activity_id = uuid_of(name.removeprefix(_ACTIVITY))
        if activity_id is None:
            return None
        # Counted for itself: the portal's own reads are not to use up what one address may read.
        calls = calls_of(self._app, f"live:{activity_id}", language)
        try:
            activity = await unless_away(find_activity(calls, self._kept, district, activity_id))
        except RefusedByServiceError:
            return None
        look = Look(language=language)
        shifts = activity.shifts if activity else ()
        html = {
            f"places:{shift.shift_id}": self._pages.text("live/_places.html", look, shift=shift).strip()
            for shift in shifts
        }
        if activity is None or not html:
            return None
        marks = {str(activity_id): activity.mark, **{str(shift.shift_id): shift.mark for shift in shifts}}
        return json.dumps({"name": name, "html": html, "marks": marks}, ensure_ascii=False)


async def unread_messages(visit: Visit) -> int | None:
    """Return how many messages the one who looks has not read; None while that cannot be told."""
    inbox = await unless_away(visit.calls.read(MY_MESSAGES, limit=1))
    return inbox.unread if inbox else None


def unread_message(visit: Visit, unread: int, *, more: bool) -> str:
    """Return the message that shows the count, and says so where there are ``more`` than before."""
    pages: Pages = visit.request.app.state.pages
    shown = pages.text("live/_count.html", visit.look, unread=unread).strip()
    said = pages.text("live/_new_message.html", visit.look).strip() if more else ""
    return json.dumps({"name": INBOX, "html": {INBOX: shown}, "say": said}, ensure_ascii=False)

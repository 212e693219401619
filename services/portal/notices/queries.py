"""What a volunteer wants to be told: read, and said anew."""

from datetime import time

from pydantic import BaseModel

from shared.http.upstream import Change, Read


class QuietHours(BaseModel):
    """When no mail is to come; it may go past midnight."""

    starts: time
    ends: time


class Preferences(BaseModel):
    """On which channels messages for each purpose come; ``needed`` are those that cannot be switched off."""

    channels: dict[str, list[str]]
    needed: dict[str, list[str]]
    quiet_hours: QuietHours | None


PREFERENCES = Read("notifications", "/v1/me/preferences", Preferences)
SET_PREFERENCES = Change("PUT", "notifications", "/v1/me/preferences", Preferences)

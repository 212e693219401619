"""What an account asks registry for."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Nothing, Read


class Device(BaseModel):
    """Where one is logged in."""

    id: UUID
    seen_at: datetime
    user_agent: str
    address_masked: str
    current: bool

    @property
    def name(self) -> str:
        """What the device is, as far as its browser says."""
        known = ("MicroMessenger", "iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
        found = next((name for name in known if name in self.user_agent), "")
        return {"MicroMessenger": "WeChat", "Macintosh": "Mac"}.get(found, found)


DEVICES = Read("registry", "/v1/me/sessions", list[Device])
END_DEVICE = Change("DELETE", "registry", "/v1/me/sessions/{session_id}", Nothing)
END_OTHER_DEVICES = Change("DELETE", "registry", "/v1/me/sessions", Nothing)
CHANGE_PASSWORD = Change("POST", "registry", "/v1/me/password", Nothing)

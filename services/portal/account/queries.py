"""What an account asks registry for."""

from datetime import datetime
from uuid import UUID

import segno
from markupsafe import Markup
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


class BegunFactor(BaseModel):
    """The secret of a second factor, in letters and as an authenticator app takes it."""

    secret: str
    otpauth_uri: str

    def picture(self) -> Markup:
        """Return the address as a QR code, to be scanned by the app."""
        made = segno.make(self.otpauth_uri, error="m")
        return Markup(made.svg_inline(svgclass="qr", lineclass="qr-line", omitsize=True, border=2))  # noqa: S704 - segno's


class ConfirmedFactor(BaseModel):
    """What opens the account once each where the app is lost."""

    recovery_codes: list[str]


CHANGE_CONTACT = Change("PUT", "registry", "/v1/me/contact-points", Nothing)
REMOVE_FACTOR = Change("DELETE", "registry", "/v1/me/second-factor", Nothing)
BEGIN_FACTOR = Change("POST", "registry", "/v1/me/second-factor", BegunFactor)
CONFIRM_FACTOR = Change("POST", "registry", "/v1/me/second-factor/confirm", ConfirmedFactor)
DEVICES = Read("registry", "/v1/me/sessions", list[Device])
END_DEVICE = Change("DELETE", "registry", "/v1/me/sessions/{session_id}", Nothing)
END_OTHER_DEVICES = Change("DELETE", "registry", "/v1/me/sessions", Nothing)
CHANGE_PASSWORD = Change("POST", "registry", "/v1/me/password", Nothing)

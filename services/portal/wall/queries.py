"""What the screen at a shift's place shows."""

from datetime import datetime

import segno
from markupsafe import Markup
from pydantic import BaseModel

from shared.http.upstream import Read

Drawing = Markup
_DOUBTFUL_SECONDS = 10
"""A code of a step of 30 s away is accepted: this is a third of it."""


class WallCode(BaseModel):
    """The codes of now, how many have come of how many, and the service's clock."""

    qr_token: str
    digits: str
    digits_valid_until: datetime
    server_time: datetime
    present: int
    confirmed: int
    capacity: int
    clocks_differ_by: int

    @property
    def is_doubtful(self) -> bool:
        """Whether the service's clocks differ by so much that its codes may be refused."""
        return self.clocks_differ_by >= _DOUBTFUL_SECONDS

    @property
    def seconds_left(self) -> int:
        """For how long the digits are still shown."""
        return max(0, round((self.digits_valid_until - self.server_time).total_seconds()))


CODE = Read("activities", "/v1/shifts/{shift_id}/code", WallCode)


def drawn(address: str) -> Drawing:
    """Return the QR of an address as SVG: dark on a light ground of its own, whatever the page's colours."""
    lines = segno.make(address, micro=False, error="m").svg_inline(
        svgclass="qr", lineclass="dots", omitsize=True, border=3
    )
    return Markup(lines)  # noqa: S704 - segno's own drawing: numbers and two class names

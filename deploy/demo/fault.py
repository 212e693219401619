"""What the user can act on."""

from deploy.local.process import LocalError


class DemoError(LocalError):
    """The demo cannot go on; the message says why and what to do."""

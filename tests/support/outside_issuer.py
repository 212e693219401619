"""A real OpenID provider on a port of its own: whoever types a subject there is vouched for."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.process import free_port


@contextmanager
def running_issuer() -> Iterator[str]:
    """Run one; yields its address. Whoever needs it waits until it answers."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            started.kill()

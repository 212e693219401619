"""Certificates for a system on this machine, where it is asked to have them: an authority of its own, and one for it.

Invariant: what is there and still good stays, so that data and clients that know the authority go on working.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("127.0.0.1", "localhost")


class Certificates(NamedTuple):
    """Files in PEM."""

    authority: Path
    """What clients believe."""
    server: Path
    """A server's key and its certificate."""

    @property
    def parameters(self) -> str:
        """What stands behind a URL of PostgreSQL so that the server is checked."""
        return f"?sslmode=verify-full&sslrootcert={self.authority.resolve()}"


def make(directory: Path) -> Certificates:
    """Make an authority and a certificate for this machine's servers, where there are none in ``directory``."""
    made = Certificates(directory / "authority.pem", directory / "server.pem")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not made.server.exists():
        renew(made)
    return made


def renew(made: Certificates) -> None:
    """Put a new server's certificate by the same authority in the place of the old one."""
    issued = _authority(made).issue_cert(*NAMES)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    as_java_reads_it = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write_secret(made.server, b"".join([as_java_reads_it, *(each.bytes() for each in issued.cert_chain_pems)]))


def _authority(made: Certificates) -> trustme.CA:
    secret = made.authority.with_name("authority-key.pem")
    if secret.exists():
        return trustme.CA.from_pem(made.authority.read_bytes(), secret.read_bytes())
    authority = trustme.CA()
    _write_secret(secret, authority.private_key_pem.bytes())
    made.authority.write_bytes(authority.cert_pem.bytes())
    return authority


def _write_secret(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)

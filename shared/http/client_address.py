"""Whose address a request comes from, where proxies pass it on: ours are believed, nobody else is.

Invariant: an address that somebody claims is never used unless a configured proxy vouches for it: by its own address
(``TRUSTED_PROXIES``), or by a header that the portal signs with ``PORTAL_ADDRESS_KEY``. Limits go by it (ADR 0030).
"""

import hmac
import time
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated

from fastapi import Depends, Request

HEADER = "Linbang-Client-Address"
"""``<address>;<Unix time>;<HMAC-SHA-256 in hex>``: what the portal says of the browser that it asks for."""
GOOD_FOR_SECONDS = 60
IPV6_SITE_BITS = 64
"""Of an IPv6 address, what its owner cannot choose: a home or a phone has 2^64 addresses (RFC 6177)."""

Network = IPv4Network | IPv6Network


def signed_address(key: bytes, address: str, at: float) -> str:
    """Return the header's value: how the portal tells, at a Unix time, which client it asks for."""
    claim = f"{address};{int(at)}"
    return f"{claim};{hmac.digest(key, claim.encode(), 'sha256').hex()}"


class ClientAddresses:
    """Tells the client's address of a request, given whom to believe."""

    def __init__(self, trusted: Sequence[Network] = (), portal_key: bytes = b"") -> None:
        self._trusted = trusted
        self._portal_key = portal_key

    def of(self, request: Request) -> str:
        """Return the address that a request counts for: of IPv6 the network. Empty where there is no connection."""
        connected = request.client.host if request.client else ""
        said = request.headers.get(HEADER)
        address = self._vouched(said) if said else None
        if address is None:
            address = self._forwarded(connected, request.headers.getlist("X-Forwarded-For"))
        return _counted(address)

    def _vouched(self, said: str) -> str | None:
        """Return the address in a header that the portal has signed within the last minute."""
        claim, _, signature = said.rpartition(";")
        address, _, at = claim.partition(";")
        if not self._portal_key or not at.isdecimal():
            return None
        right = hmac.digest(self._portal_key, claim.encode(), "sha256").hex()
        fresh = abs(time.time() - int(at[:12])) <= GOOD_FOR_SECONDS
        return address if hmac.compare_digest(right, signature) and fresh else None

    def _forwarded(self, connected: str, headers: Sequence[str]) -> str:
        """Return the last address that no trusted proxy has: what is left of it anybody could have written."""
        address = connected
        passed_on = [part.strip() for header in headers for part in header.split(",")]
        while passed_on and self._is_trusted(address):
            if _parsed(passed_on[-1]) is None:
                break
            address = passed_on.pop()
        return address

    def _is_trusted(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _counted(address: str) -> str:
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, IPV6_SITE_BITS), strict=False))
    return address if parsed is None else str(parsed)


async def _client_address(request: Request) -> str:
    addresses: ClientAddresses = request.app.state.client_addresses
    return addresses.of(request)


ClientAddress = Annotated[str, Depends(_client_address)]
"""What a route counts by."""

"""The client's address is believed from configured proxies alone."""

import time

import pytest
from starlette.requests import Request

from shared.http.client_address import HEADER, ClientAddresses, signed_address
from shared.service.settings import ServiceSettings

KEY = b"the portal's and the services' secret"
CLIENT, OTHER, PROXY, INNER = "203.0.113.9", "198.51.100.7", "10.0.0.2", "10.0.0.3"


def request(connected: str, *forwarded: str, signed: str | None = None) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    headers += [(HEADER.lower().encode(), signed.encode())] if signed is not None else []
    return Request({"type": "http", "client": (connected, 1), "headers": headers})


def addresses(trusted: str = "", key: bytes = b"") -> ClientAddresses:
    networks = ServiceSettings.model_construct().model_validate(
        {
            "api_database_url": "",
            "worker_database_url": "",
            "port": 1,
            "KAFKA_BOOTSTRAP_SERVERS": "",
            "TRUSTED_PROXIES": trusted,
        }
    )
    return ClientAddresses(networks.trusted_proxies, key)


def test_what_a_stranger_says_of_their_address_is_not_believed() -> None:
    assert addresses().of(request(CLIENT, OTHER)) == CLIENT
    assert addresses("10.0.0.0/8").of(request(CLIENT, OTHER)) == CLIENT


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ([CLIENT], CLIENT),
        ([f"{OTHER}, {CLIENT}"], CLIENT),  # the client wrote the first one itself
        ([OTHER, f"{CLIENT}, {INNER}"], CLIENT),  # two proxies of ours, one behind the other
        ([f"nonsense, {INNER}"], INNER),
        ([""], PROXY),
        ([], PROXY),
    ],
)
def test_a_trusted_proxy_says_who_asked_it_and_no_more(forwarded: list[str], address: str) -> None:
    assert addresses("10.0.0.0/29, ::1").of(request(PROXY, *forwarded)) == address


def test_the_portal_says_whose_request_it_passes_on_by_a_signature_of_the_last_minute() -> None:
    believing = addresses(key=KEY)
    assert believing.of(request(PROXY, signed=signed_address(KEY, CLIENT, time.time()))) == CLIENT
    for forged in (
        signed_address(b"another secret entirely", CLIENT, time.time()),
        signed_address(KEY, CLIENT, time.time() - 120),
        signed_address(KEY, CLIENT, time.time()).replace(CLIENT, OTHER),
        f"{CLIENT};soon;00",
        "",
    ):
        assert believing.of(request(PROXY, signed=forged)) == PROXY
    assert addresses().of(request(PROXY, signed=signed_address(b"", CLIENT, time.time()))) == PROXY


def test_an_ipv6_client_counts_by_its_network_and_a_mapped_address_as_ipv4() -> None:
    one, other = (addresses().of(request(f"2001:db8:1:2::{host}")) for host in ("1", "ffff"))
    assert one == other == "2001:db8:1:2::/64"
    assert addresses().of(request(f"::ffff:{CLIENT}")) == CLIENT
    assert addresses("10.0.0.2").of(request(f"::ffff:{PROXY}", CLIENT)) == CLIENT

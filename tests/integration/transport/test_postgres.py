"""A database's URL may ask for TLS and a server that is who it says; a server may let in nobody else."""

from __future__ import annotations

import os
import signal
import ssl
from typing import TYPE_CHECKING

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from deploy.local import certificates
from shared.store.engine import Store
from tests.support.eventually import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.transport.conftest import Installation

_ENCRYPTED = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


def with_query(url: str, **query: str) -> str:
    return make_url(url).set(query=query).render_as_string(hide_password=False)


async def test_a_service_speaks_to_its_database_by_tls(installation: Installation) -> None:
    urls = await installation.databases.make("registry")
    for url in (urls.api, urls.worker):
        async with Store(url, pool_size=1) as store, store.transaction("510115") as tx:
            assert await tx.scalar(_ENCRYPTED) is True


async def test_the_server_lets_in_nobody_in_the_clear(installation: Installation) -> None:
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(with_query(installation.postgres.url, sslmode="disable"))


async def test_a_server_that_another_authority_vouches_for_is_not_spoken_to(
    installation: Installation, tmp_path: Path
) -> None:
    other = str(certificates.make(tmp_path).authority)
    async with Store(with_query(installation.postgres.url, sslmode="verify-full", sslrootcert=other)) as store:
        with pytest.raises(ssl.SSLCertVerificationError):
            async with store.transaction():
                pass


async def test_a_server_with_another_name_is_not_spoken_to(installation: Installation) -> None:
    url = make_url(installation.postgres.url).set(host="127.0.0.2").render_as_string(hide_password=False)
    with pytest.raises((ssl.SSLCertVerificationError, OSError)):
        await asyncpg.connect(url)


async def test_a_new_certificate_is_taken_up_without_a_restart(installation: Installation) -> None:
    """Connections that are there go on; new ones see the new one, by the same authority."""
    urls = await installation.databases.make("registry")
    async with Store(urls.worker, pool_size=1) as before:
        async with before.transaction() as tx:
            serial = await tx.scalar(text("SELECT pg_backend_pid()"))
        certificates.renew(installation.made)
        (installation.postgres.data / "server.pem").write_bytes(installation.made.server.read_bytes())
        os.kill(installation.postgres.child.pid, signal.SIGHUP)
        wanted = ssl.PEM_cert_to_DER_cert(_certificate(installation.made.server))
        assert await eventually(lambda: _is_shown(installation, wanted))
        async with before.transaction() as tx:
            assert await tx.scalar(text("SELECT pg_backend_pid()")) == serial


async def _is_shown(installation: Installation, wanted: bytes) -> bool:
    connection = await asyncpg.connect(installation.postgres.url)
    try:
        shown: ssl.SSLObject = connection._transport.get_extra_info("ssl_object")
        return shown.getpeercert(binary_form=True) == wanted
    finally:
        await connection.close()


def _certificate(server: Path) -> str:
    first, _, _ = server.read_text().partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END CERTIFICATE-----")
    return f"-----BEGIN CERTIFICATE-----{first}-----END CERTIFICATE-----"

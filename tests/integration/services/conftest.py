"""Each service in turn, put together on a database of its own."""

import os
from base64 import b64encode
from importlib import import_module
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy import assets
from deploy.services import SERVICES
from shared.service.service import Service
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls


@pytest.fixture(scope="session", autouse=True)
def _browser_code() -> None:
    """The portal serves files that others wrote; they are fetched where they are not there yet."""
    assets.unpack()


@pytest.fixture(scope="module", params=SERVICES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def urls(name: str, service_database: ServiceDatabase) -> Urls:
    return await service_database(name)


@pytest.fixture(scope="module")
def service(name: str, urls: Urls, infrastructure: Infrastructure, topic_prefix: str) -> Service:
    upper = name.upper()
    private = X25519PrivateKey.generate()
    key = b64encode(os.urandom(32)).decode()
    environment = {
        f"{upper}_API_DATABASE_URL": urls.api,
        f"{upper}_WORKER_DATABASE_URL": urls.worker,
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "TOPIC_PREFIX": topic_prefix,
        "JWKS_URL": "http://127.0.0.1:1/nobody-answers-here",
        "FILE_KEY": key,
        "ACTIVITIES_ATTENDANCE_KEY": key,
        "REGISTRY_MASTER_KEY": key,
        "REGISTRY_BLIND_INDEX_KEY": key,
        "REGISTRY_OPERATOR_PASSWORD": "operator-password",
        "CONTACT_PUBLIC_KEY": b64encode(private.public_key().public_bytes_raw()).decode(),
        "CONTACT_PRIVATE_KEY": b64encode(private.private_bytes_raw()).decode(),
        "PORTAL_ORIGIN": "http://test",
        "PORTAL_SESSION_KEY": key,
        **{f"{other}_URL".upper(): "http://127.0.0.1:1" for other in SERVICES},
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "2525",
        "SMTP_FROM": "linbang@example.org",
    }
    with patch.dict(os.environ, environment):
        composed = import_module(f"services.{name}.app").service()
    assert isinstance(composed, Service)
    return composed

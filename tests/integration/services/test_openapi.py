"""Whatever its OpenAPI document allows or forbids, a service answers as the document says, and never with a 5xx.

The four API processes are real, behind their real server. ``SCHEMATHESIS_EXAMPLES`` is the number of requests that each
route gets of each kind, then drawn anew in every run; without it there are a few, always the same.
"""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema

from deploy.docs import compose
from deploy.local.process import free_port
from deploy.services import TABLE
from shared.service.app import build_app
from tests.support.eventually import eventually
from tests.support.infrastructure import Infrastructure, ServiceDatabase

load_all_checks()
CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"allow-extra-parameters": False},  # what a route does not know, it leaves alone
        "checks": {
            # 409, 422, 428: the rules (a check digit, a shift that has begun) go further than a schema can say.
            "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 422, 428, 429]},
        },
    }
)
SERVICES = [service for service, entry in TABLE.items() if not entry.pages]
"""Those with an API to send to."""
DISTRICT = "510115"
PASSWORD = "a password to begin with"
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))
OPERATIONS = [
    (name, method, path)
    for name in SERVICES
    for path, operations in build_app(compose(name)).openapi()["paths"].items()
    for method in operations
]
PERSON = {
    "name": "张晓雨",
    "gender": "female",
    "id_number": "519900200604070186",
    "phone": "17023828271",
    "category": "resident",
}


class Platform:
    """The API processes, and the headers of accounts on them."""

    def __init__(self) -> None:
        self.urls: dict[str, str] = {}
        self.schemas: dict[str, BaseSchema] = {}
        self.headers: dict[str, dict[str, str]] = {}

    def headers_for(self, operation: Mapping[str, Any]) -> dict[str, str]:
        """Return those of an account that the operation lets in, the most privileged there is."""
        roles = operation.get("x-roles")
        if roles is None:
            return {}
        known = ("district_admin", "operator", "case_worker", "volunteer")
        return next(self.headers[role] for role in known if role in roles)


@pytest.fixture(scope="module")
async def platform(infrastructure: Infrastructure, service_database: ServiceDatabase) -> AsyncIterator[Platform]:
    key, contact = b64encode(os.urandom(32)).decode(), X25519PrivateKey.generate()
    ports = {name: free_port() for name in SERVICES}
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": infrastructure.bootstrap_servers,
        "JWKS_URL": f"http://127.0.0.1:{ports['registry']}/.well-known/jwks.json",
        "FILE_KEY": key,
        "ACTIVITIES_ATTENDANCE_KEY": key,
        "REGISTRY_MASTER_KEY": key,
        "REGISTRY_BLIND_INDEX_KEY": key,
        "REGISTRY_OPERATOR_PASSWORD": PASSWORD,
        "REGISTRY_SECOND_FACTOR_REQUIRED": "false",
        "CONTACT_PUBLIC_KEY": b64encode(contact.public_key().public_bytes_raw()).decode(),
        "CONTACT_PRIVATE_KEY": b64encode(contact.private_bytes_raw()).decode(),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "1",
        "SMTP_FROM": "linbang@example.org",
    }
    for name in SERVICES:
        urls = await service_database(name)
        environment |= {
            f"{name.upper()}_API_DATABASE_URL": urls.api,
            f"{name.upper()}_WORKER_DATABASE_URL": urls.worker,
            f"{name.upper()}_PORT": str(ports[name]),
        }
    made = Platform()
    with ExitStack() as stack:
        for name in SERVICES:
            stack.enter_context(_process(name, environment))
            made.urls[name] = f"http://127.0.0.1:{ports[name]}"
        async with httpx.AsyncClient() as client:
            for name, url in made.urls.items():
                await eventually(partial(_answers, client, url), within=240)  # four start at once, on whatever machine
                made.schemas[name] = schemathesis.openapi.from_url(f"{url}/openapi.json", config=CONFIG)
            await _open_accounts(client, made)
        yield made


@contextmanager
def _process(name: str, environment: Mapping[str, str]) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", f"services.{name}", "api"], env=environment) as started:
        try:
            yield
        finally:
            started.kill()  # whatever happened: else it is waited for, for ever


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/openapi.json")).status_code == 200
    except httpx.TransportError:
        return False


async def _open_accounts(client: httpx.AsyncClient, platform: Platform) -> None:
    url = platform.urls["registry"]

    async def post(path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        answer = await client.post(f"{url}{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def log_in(name: str) -> dict[str, str]:
        token = await post("/v1/tokens", {"user_name": name, "password": PASSWORD})
        return {"Authorization": f"Bearer {token['access_token']}"}

    operator = await log_in("operator") | {"X-District": DISTRICT}
    await post("/v1/districts", {"code": DISTRICT, "name": "温江区"}, operator)
    admin = {"user_name": "admin", "password": PASSWORD, "roles": ["district_admin"]}
    await post("/v1/accounts", admin, operator)
    office = await log_in("admin")
    volunteer = await post("/v1/volunteers", PERSON, office)
    await post("/v1/accounts", {"volunteer_number": volunteer["number"], "password": PASSWORD}, office)
    await post("/v1/accounts", {"user_name": "case.worker", "password": PASSWORD, "roles": ["case_worker"]}, office)
    platform.headers = {
        "case_worker": await log_in("case.worker"),
        "operator": operator,
        "district_admin": office,
        "volunteer": await log_in(volunteer["number"]),
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS, ids=[" ".join(each) for each in OPERATIONS])
def test_answers_are_as_documented_and_never_a_5xx(
    platform: Platform, name: str, method: str, path: str, mode: GenerationMode
) -> None:
    operation = platform.schemas[name][path][method.upper()]
    headers = platform.headers_for(operation.definition.raw)
    if path == "/v1/me/password":
        headers = {}  # else the accounts' passwords would change

    @given(case=operation.as_strategy(mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize="SCHEMATHESIS_EXAMPLES" not in os.environ,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers={**headers, "traceparent": f"00-{uuid4().hex}-{uuid4().hex[:16]}-01"})

    with suppress(Unsatisfiable):  # where a route takes nothing in, there is nothing to get wrong
        send()

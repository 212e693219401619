"""The whole system as real processes on the servers of this test run, and a small district in it."""

import json
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from secrets import token_hex
from unittest.mock import patch

import httpx

from deploy import assets, credentials
from deploy.demo.district import Platform
from deploy.local import checks
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.paths import ROOT
from deploy.local.process import Child, free_port
from deploy.services import ROLES, SERVICES, url_name
from tests.support import small_district, topics
from tests.support.infrastructure import Databases, Infrastructure
from tests.support.small_district import SmallDistrict


@dataclass(frozen=True)
class System:
    """A running system: its address for browsers, every service's, its processes, and who is in it."""

    origin: str
    platform: Platform
    children: Mapping[str, Child]
    database_urls: Mapping[str, str]
    district: SmallDistrict
    until_its_end: ExitStack
    """What is closed when the system is stopped."""

    @contextmanager
    def without(self, service: str) -> Iterator[None]:
        """Stop a service for as long as this lasts; it is ready again afterwards, for whoever comes next."""
        self.children[service].stop()
        try:
            yield
        finally:
            self.children[service].start()
            wait_for(self.children[service], self.platform.base_urls[service])


def wait_for(child: Child, address: str) -> None:
    """Wait until a service says that it is ready."""
    with httpx.Client(timeout=2) as client:
        child.wait_until(partial(checks.service_is_ready, client, address), timeout=90)


@asynccontextmanager
async def running_system(
    infrastructure: Infrastructure, templates: dict[str, str], folder: Path, *, issuer: str = ""
) -> AsyncIterator[System]:
    """Run every service with all of its roles, and fill the small district; logs and files are in ``folder``.

    ``issuer`` is the address of an outside issuer that people may log in by, as ``campus``.
    """
    secret, prefix = credentials.generate(), f"test-{token_hex(4)}."
    databases = Databases(infrastructure.admin_url, templates)
    made = {service: await databases.make(service) for service in SERVICES}
    urls = {url_name(name, role): getattr(made[name], role) for name, role in product(SERVICES, ROLES)}
    await topics.provision(infrastructure.bootstrap_servers, prefix)
    assets.unpack()
    ports = {f"{service}_PORT".upper(): str(free_port()) for service in (*SERVICES, "smtp")}
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ports | {"TOPIC_PREFIX": prefix}))
        settings = LocalSettings()
        more = {"registry": _issuers(issuer, settings.base_urls()["portal"])} if issuer else {}
        children = {
            service: Child(
                name=service,
                command=[sys.executable, "-m", f"services.{service}", "all"],
                log=folder / f"{service}.log",
                pid_file=folder / f"{service}.pid",
                environment=service_environment(service, settings, secret, urls, infrastructure.servers)
                | more.get(service, {}),
                directory=ROOT,
            )
            for service in SERVICES
        }
        for child in children.values():
            child.start()
            stack.callback(child.stop)
        platform = Platform(settings.base_urls(), secret["REGISTRY_OPERATOR_PASSWORD"])
        for name, child in children.items():
            wait_for(child, platform.base_urls[name])
        district = small_district.make(platform, folder)
        until_its_end = stack.enter_context(ExitStack())
        yield System(settings.base_urls()["portal"], platform, children, urls, district, until_its_end)
    await databases.drop()


def _issuers(issuer: str, origin: str) -> dict[str, str]:
    known = {
        "issuer": issuer,
        "client_id": "linbang",
        "client_secret": "of this run",
        "redirect_uri": f"{origin}/log-in/with/campus",
        "title": "校园账号",
        "title_en": "campus account",
    }
    return {"REGISTRY_OIDC": json.dumps({"campus": known})}

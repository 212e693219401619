"""The real services on a row's setting, and the sample district in them, all of it over HTTP."""

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from deploy import credentials
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.paths import ROOT
from deploy.local.process import free_port
from deploy.services import ROLES, url_name
from shared.http.client import ImportProgress, LinbangClient
from shared.messaging.servers import KafkaServers
from tests.bench.setting import Setting
from tests.support.infrastructure import Urls

DISTRICT = "510115"
SAMPLE = ROOT / "deploy" / "sample" / DISTRICT
ROSTER, SERVICE_RECORDS = SAMPLE / "volunteers.csv.gz", SAMPLE / "service_records.csv.gz"
_REFERENCE = ("divisions", "organisations", "stations", "teams")


@dataclass
class System:
    """Running services: where they are, their databases, and the operator logged in to each."""

    urls: dict[str, Urls]
    clients: dict[str, LinbangClient]
    environments: dict[str, dict[str, str]]
    addresses: dict[str, str]
    operator_password: str

    async def open_district(self) -> None:
        """Open the sample district and import its reference data."""
        registry = self.clients["registry"]
        form = {"code": DISTRICT, "name": "温江区"}
        headers = {"Idempotency-Key": "open"}
        await asyncio.to_thread(registry.send, "POST", "/v1/districts", json=form, headers=headers)
        for kind in _REFERENCE:
            await self.load("registry", kind, SAMPLE / f"{kind}.csv")

    async def load(self, service: str, kind: str, file: Path) -> ImportProgress:
        """Import a file of which every line is right; return how the import ended."""
        end = await asyncio.to_thread(self.clients[service].upload_import, kind, file)
        if end.state != "completed" or end.accepted + end.normalised != end.total:
            raise AssertionError(f"import of {file.name}: {end}")
        return end

    async def get(self, service: str, path: str) -> Any:
        """Get JSON from a service as the operator."""
        return (await asyncio.to_thread(self.clients[service].send, "GET", path)).json()


async def start(setting: Setting, stack: ExitStack, *services: str, smtp_port: int = 2525) -> System:
    """Start services with all their roles, each in one process, and wait until they are ready. Registry is first."""
    prefix = await setting.new_topics()
    settings = LocalSettings.model_validate(
        {
            "topic_prefix": prefix,
            "smtp_port": smtp_port,
            "ports": LocalSettings().ports | {service: free_port() for service in services},
        }
    )
    secret = credentials.generate()
    databases = {service: await setting.database(service) for service in services}
    urls = {url_name(service, role): getattr(databases[service], role) for service in services for role in ROLES}
    environments = {
        service: service_environment(service, settings, secret, urls, KafkaServers(setting.bootstrap_servers))
        for service in services
    }
    addresses = settings.base_urls()
    clients = {}
    for service in services:
        setting.start(service, f"services.{service}", "all", **environments[service])
        await setting.until(partial(is_ready, addresses[service]))
        clients[service] = stack.enter_context(LinbangClient(addresses[service], district=DISTRICT))
    token = await asyncio.to_thread(clients["registry"].log_in, "operator", secret["REGISTRY_OPERATOR_PASSWORD"])
    for client in clients.values():
        client.use_token(token)
    return System(databases, clients, environments, addresses, secret["REGISTRY_OPERATOR_PASSWORD"])


async def is_ready(address: str) -> bool:
    """Return whether a service says that it is ready."""
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"{address}/health/ready")).is_success
        except httpx.TransportError:
            return False

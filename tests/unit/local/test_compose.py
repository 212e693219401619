"""docker-compose.yml runs what the code has: every role of every service, and nothing reachable from outside."""

from __future__ import annotations

import os
import re
from importlib import import_module

import pytest

from deploy import credentials
from deploy.local.environment import LocalSettings, database_urls, service_environment
from deploy.local.paths import ROOT
from deploy.services import SERVICES
from shared.messaging.servers import KafkaServers
from shared.service.roles import background_roles

_COMPOSE = (ROOT / "docker-compose.yml").read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_api_and_worker_together_have_every_role(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = credentials.generate()
    urls = database_urls("postgresql://postgres:admin@127.0.0.1:1/postgres", secret)
    for name, value in service_environment(service, LocalSettings(), secret, urls, KafkaServers("127.0.0.1:2")).items():
        monkeypatch.setitem(os.environ, name, value)
    loops = background_roles(import_module(f"services.{service}.app").service())
    commands = re.findall(rf"command: \[python, -m, services\.{service}, (.*)\]", _COMPOSE)
    assert sorted(commands) == sorted(["api", ", ".join(loops)])


def test_only_the_apis_have_ports_and_only_on_loopback() -> None:
    ports = re.findall(r"ports: (.*)", _COMPOSE)
    assert len(ports) == len(SERVICES)
    assert all(port.startswith('["127.0.0.1:') for port in ports)


def test_the_image_has_what_its_commands_need() -> None:
    [copied] = re.findall(r"COPY (deploy/.*) deploy/", (ROOT / "deploy/docker/Dockerfile").read_text())
    needed = set(re.findall(r"command: \[linbang, (\w+)\]", _COMPOSE)) | {"status"}
    assert {f"deploy/{command}.py" for command in needed} <= set(copied.split())

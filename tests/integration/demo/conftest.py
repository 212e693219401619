"""The four services, each a process of its own, for the demo to work against."""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from itertools import product
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from deploy import assets, credentials
from deploy.demo import command
from deploy.demo.district import Platform
from deploy.local import checks, runner
from deploy.local.environment import LocalSettings, service_environment
from deploy.local.paths import ROOT
from deploy.local.process import free_port
from deploy.services import ROLES, SERVICES, url_name
from tests.support import topics
from tests.support.forked import ForkedChild
from tests.support.infrastructure import Infrastructure, ServiceDatabase


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the services of this module write their logs."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
async def platform(
    service_database: ServiceDatabase, infrastructure: Infrastructure, topic_prefix: str, logs: Path
) -> AsyncIterator[Platform]:
    """The services, and the environment in which the demo finds them and no others."""
    secret = credentials.generate()
    environment = {f"{service}_PORT".upper(): str(free_port()) for service in (*SERVICES, "smtp")}
    environment |= {"TOPIC_PREFIX": topic_prefix, "REGISTRY_OPERATOR_PASSWORD": secret["REGISTRY_OPERATOR_PASSWORD"]}
    databases = {service: await service_database(service) for service in SERVICES}
    urls = {url_name(name, role): getattr(databases[name], role) for name, role in product(SERVICES, ROLES)}
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    assets.unpack()
    with ExitStack() as stack, httpx.Client(timeout=2) as client:
        stack.enter_context(patch.dict(os.environ, environment))
        stack.enter_context(patch.object(runner, "find_running", return_value=None))
        settings = LocalSettings()
        children = [
            ForkedChild(
                name=service,
                command=[sys.executable, "-m", f"services.{service}", "all"],
                log=logs / f"{service}.log",
                pid_file=logs / f"{service}.pid",
                environment=service_environment(service, settings, secret, urls, infrastructure.servers),
                directory=ROOT,
            )
            for service in SERVICES
        ]
        for child in children:
            child.start()
            stack.callback(child.stop)
        for child in children:
            ready = partial(checks.service_is_ready, client, settings.base_urls()[child.name])
            child.wait_until(ready, timeout=60)
        yield Platform(settings.base_urls(), secret["REGISTRY_OPERATOR_PASSWORD"])


@pytest.fixture
def half_a_minute() -> Iterator[None]:
    """Half a minute of service, which is one minute by the rule of rounding."""
    with patch("deploy.demo.walk.SERVICE", timedelta(seconds=31)):
        yield


@pytest.fixture
def nobody_walks() -> Iterator[None]:
    """A district where no volunteer's day is shown."""
    with patch.object(command, "choose", return_value=None):
        yield

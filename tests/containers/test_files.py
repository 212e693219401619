"""The compose files are right by Compose's own rules, alone and together. Needs Compose and no engine."""

from __future__ import annotations

import re

import pytest
import yaml

from deploy.credentials import generate, generate_for_servers
from deploy.local.paths import ROOT
from tests.containers.compose import Compose, settings

SYSTEM, PACKAGES, MONITORING = "docker-compose.yml", "docker-compose.packages.yml", "docker-compose.monitoring.yml"
OWN_SERVERS = "docker-compose.own-servers.yml"
PACKAGES_MONITORING = "docker-compose.packages-monitoring.yml"


@pytest.mark.parametrize("files", [(SYSTEM, MONITORING), (SYSTEM, PACKAGES, MONITORING, PACKAGES_MONITORING)])
def test_files_are_accepted(files: tuple[str, ...]) -> None:
    Compose("check", settings({}), files).run("config", "--quiet")


def test_packages_take_the_place_of_every_official_image_and_change_nothing_else() -> None:
    environment = settings({})
    official, own = (
        yaml.safe_load(Compose("check", environment, files).run("config"))["services"]
        for files in ((SYSTEM,), (SYSTEM, PACKAGES))
    )
    images = {own[name].pop("image") for name in own}
    assert all(image.startswith("linbang") for image in images)
    for service in official.values():
        del service["image"]
    assert own == official


def test_no_secret_has_a_default() -> None:
    text = "".join((ROOT / file).read_text() for file in (SYSTEM, OWN_SERVERS, MONITORING))
    for secret in {**generate(), **generate_for_servers()}:
        assert set(re.findall(rf"\$\{{{secret}\b([^}}]*)\}}", text)) == {":?"}

"""Secrets are made once; a service gets its own variables only; compose asks only for what `linbang secrets` makes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from deploy import credentials
from deploy.local import environment
from deploy.local.environment import LocalSettings, database_urls, load_secrets, service_environment
from deploy.local.paths import ROOT
from deploy.services import SERVICES
from services import cli
from shared.messaging.servers import KafkaServers

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_private_and_stay_the_same(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    first = load_secrets(file)
    assert file.stat().st_mode & 0o077 == 0
    assert load_secrets(file) == first


def test_a_new_kind_of_secret_is_added_and_the_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "secrets.env"
    first = load_secrets(file)
    file.write_text("".join(f"{name}={value}\n" for name, value in first.items() if name != "REGISTRY_FILE_KEY"))
    second = load_secrets(file)
    assert {name for name in first if first[name] != second[name]} == {"REGISTRY_FILE_KEY"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_no_secret_of_another_and_no_owner_password(service: str) -> None:
    secret = credentials.generate()
    urls = database_urls("postgresql://postgres:admin@127.0.0.1:1/postgres", secret)
    environment = service_environment(service, LocalSettings(), secret, urls, KafkaServers("127.0.0.1:2"))
    text = "\n".join(environment.values())
    theirs = {name for name, value in secret.items() if value in text}
    kinds = {
        "registry": {
            "REGISTRY_MASTER_KEY",
            "REGISTRY_BLIND_INDEX_KEY",
            "REGISTRY_OPERATOR_PASSWORD",
            "CONTACT_PUBLIC_KEY",
            "PORTAL_ADDRESS_KEY",
        }
        | {"REGISTRY_FILE_KEY"},
        "activities": {"ACTIVITIES_FILE_KEY", "ACTIVITIES_ATTENDANCE_KEY", "PORTAL_ADDRESS_KEY"},
        "assessment": {"PORTAL_ADDRESS_KEY"},
        "notifications": {"CONTACT_PRIVATE_KEY"},
        "portal": {"PORTAL_SESSION_KEY", "PORTAL_ADDRESS_KEY"},
    }
    assert theirs == kinds.get(service, set()) | {f"{service}_{role}_PASSWORD".upper() for role in ("api", "worker")}
    assert "admin" not in text


def test_an_existing_database_url_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_API_DATABASE_URL", "postgresql://elsewhere/registry")
    urls = database_urls("postgresql://postgres:admin@127.0.0.1:1/postgres", credentials.generate())
    assert urls["REGISTRY_API_DATABASE_URL"] == "postgresql://elsewhere/registry"


def test_compose_asks_for_nothing_that_is_not_made_or_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?\}", (ROOT / "docker-compose.yml").read_text()))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked == asked & (example | set(credentials.generate()) | set(credentials.generate_for_servers()))


def test_the_example_names_every_secret_that_is_made() -> None:
    made = {
        re.sub(
            rf"^({'|'.join(SERVICES)})_KAFKA_PASSWORD$".upper(),
            "<SERVICE>_KAFKA_PASSWORD",
            re.sub(r"^\w+_(OWNER|API|WORKER)_PASSWORD$", "<SERVICE>_<OWNER|API|WORKER>_PASSWORD", name),
        )
        for name in {**credentials.generate(), **credentials.generate_for_servers()}
    }
    example = (ROOT / ".env.example").read_text()
    assert [name for name in made if name not in example] == []


def test_operators_commands_find_the_local_system_where_the_environment_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.endswith("_DATABASE_URL")]:
        monkeypatch.delenv(name)
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "POSTGRES_ADMIN_URL", "TOPIC_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("POSTGRES_PORT", "50001")
    monkeypatch.setenv("KAFKA_PORT", "50002")
    monkeypatch.setattr(environment, "SECRETS", tmp_path / "secrets.env")
    monkeypatch.setattr(os, "environ", os.environ.copy())
    cli._find_local_system()
    assert "KAFKA_BOOTSTRAP_SERVERS" not in os.environ, "there is no local system here"
    secret = load_secrets(environment.SECRETS)
    cli._find_local_system()
    assert os.environ["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:50002"
    assert os.environ["ASSESSMENT_WORKER_DATABASE_URL"] == (
        f"postgresql://assessment_worker:{secret['ASSESSMENT_WORKER_PASSWORD']}@127.0.0.1:50001/assessment"
    )


def test_operators_commands_keep_to_the_servers_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_OWNER_DATABASE_URL", "postgresql://elsewhere/registry")
    before = dict(os.environ)
    cli._find_local_system()
    assert dict(os.environ) == before

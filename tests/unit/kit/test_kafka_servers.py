"""Half of a log-in, or one in the clear, is refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local import certificates
from shared.messaging.servers import KafkaServers, KafkaSettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def authority(tmp_path: Path) -> str:
    return str(certificates.make(tmp_path).authority)


def test_without_settings_clients_speak_in_the_clear() -> None:
    assert KafkaServers("kafka:9092").options() == {"bootstrap_servers": "kafka:9092"}
    assert KafkaServers("kafka:9092").security() is None


def test_an_authority_means_tls_and_a_log_in_means_scram(authority: str) -> None:
    assert KafkaServers("kafka:9093", authority).options()["security_protocol"] == "SSL"
    options = KafkaServers("kafka:9093", authority, "registry", "secret").options()
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"user": "registry"}, "KAFKA_PASSWORD"),
        ({"password": "secret"}, "KAFKA_USER"),
        ({"user": "registry", "password": "secret"}, "KAFKA_CA_FILE"),
        ({"ca_file": "/nowhere.pem"}, "there is no file /nowhere.pem"),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_name_of_the_setting(settings: dict[str, str], named: str) -> None:
    with pytest.raises(KafkaSettingsError, match=named):
        KafkaServers("kafka:9093", **settings)


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(KafkaSettingsError, match="no certificates"):
        KafkaServers("kafka:9093", str(tmp_path / "empty.pem"))


def test_a_password_is_in_no_text_of_it(authority: str) -> None:
    assert "secret" not in repr(KafkaServers("kafka:9093", authority, "registry", "secret"))

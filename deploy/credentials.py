"""The secrets of one installation, by the names the environment uses. Invariant: every call makes new ones."""

from __future__ import annotations

import secrets
from base64 import b64encode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from deploy.services import ROLES, SERVICES, kafka_password_name, password_name


def generate() -> dict[str, str]:
    """Make database passwords, keys of 32 bytes in base64, and the operator's password."""
    contact = X25519PrivateKey.generate()
    return {
        **{password_name(service, role): secrets.token_urlsafe(24) for service in SERVICES for role in ROLES},
        **{kafka_password_name(service): secrets.token_urlsafe(24) for service in SERVICES},
        "KAFKA_ADMIN_PASSWORD": secrets.token_urlsafe(24),
        "REGISTRY_MASTER_KEY": _key(),
        "REGISTRY_BLIND_INDEX_KEY": _key(),
        "REGISTRY_OPERATOR_PASSWORD": secrets.token_urlsafe(12),
        "REGISTRY_FILE_KEY": _key(),
        "PORTAL_ADDRESS_KEY": _key(),
        "ACTIVITIES_FILE_KEY": _key(),
        "ACTIVITIES_ATTENDANCE_KEY": _key(),
        "PORTAL_SESSION_KEY": _key(),
        "CONTACT_PUBLIC_KEY": b64encode(contact.public_key().public_bytes_raw()).decode(),
        "CONTACT_PRIVATE_KEY": b64encode(contact.private_bytes_raw()).decode(),
    }


def generate_for_servers() -> dict[str, str]:
    """Make what PostgreSQL, Kafka and Grafana themselves need in containers."""
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "KAFKA_CLUSTER_ID": urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="),
        "GRAFANA_PASSWORD": secrets.token_urlsafe(24),
    }


def _key() -> str:
    return b64encode(secrets.token_bytes(32)).decode()

"""What an operator does from a command line: ``linbang …`` in a process of its own."""

import asyncio
import os
from collections.abc import Mapping

from deploy.services import ROLES, url_name
from tests.support.forked import Program, output_of
from tests.support.infrastructure import Urls

_LINBANG = ("-c", "from services.cli import app; app()")


def environment(urls: Mapping[str, Urls], servers: str, prefix: str) -> dict[str, str]:
    """Return the variables that name every role's database of some services, the brokers and the topics."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": prefix,
        **{url_name(service, role): getattr(own, role) for service, own in urls.items() for role in ROLES},
    }


def start(variables: Mapping[str, str], *arguments: str) -> Program:
    """Start a command."""
    return Program([*_LINBANG, *arguments], {**os.environ, **variables})


def run(variables: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and what it printed."""
    return output_of([*_LINBANG, *arguments], {**os.environ, **variables})


async def linbang(variables: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """Run a command while this process goes on; return its exit code and what it printed."""
    return await asyncio.to_thread(run, variables, *arguments)

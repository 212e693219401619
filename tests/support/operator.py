"""What an operator does from a command line: ``linbang …`` in a process of its own."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.services import ROLES, url_name
from tests.support.infrastructure import Urls


def environment(urls: Mapping[str, Urls], servers: str, prefix: str) -> dict[str, str]:
    """Return the variables that name every role's database of some services, the brokers and the topics."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": prefix,
        **{url_name(service, role): getattr(own, role) for service, own in urls.items() for role in ROLES},
    }


async def start(variables: Mapping[str, str], *arguments: str) -> asyncio.subprocess.Process:
    """Start a command; its output is to be read."""
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("linbang"),
        *arguments,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def linbang(variables: Mapping[str, str], *arguments: str) -> tuple[int | None, str]:
    """Run a command; return its exit code and what it printed."""
    process = await start(variables, *arguments)
    output, _ = await process.communicate()
    return process.returncode, output.decode()

"""Rights on a topic, taken away and given back at a running broker."""

from __future__ import annotations

import asyncio

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

WITH_RIGHTS = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
"""What a broker is told so that it asks: whatever has no ACL is everybody's."""
_SECONDS = 60


async def forbid(bootstrap_servers: str, topic: str, operation: AclOperation = AclOperation.WRITE) -> None:
    """Let nobody write to a topic, or read it; whatever else stays allowed. ``ANY`` hides it: nothing is allowed."""
    rights = {AclOperation.ALL: AclPermissionType.ALLOW, operation: AclPermissionType.DENY}
    bindings = [
        AclBinding(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:*", "*", what, permission)
        for what, permission in rights.items()
    ]
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    for done in client.create_acls(bindings).values():
        await asyncio.to_thread(done.result, _SECONDS)


async def allow(bootstrap_servers: str, topic: str) -> None:
    """Let everybody do everything with a topic again."""
    everything = AclBindingFilter(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        "User:*",
        "*",
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    [done] = client.delete_acls([everything]).values()
    assert await asyncio.to_thread(done.result, _SECONDS)

"""Rights on a topic, given and taken away at a running broker: aiokafka's admin client knows no ACLs."""

from __future__ import annotations

from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

WITH_RIGHTS = """
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
"""What a broker is told so that it asks: whatever has no ACL is everybody's."""
_TOPIC, _LITERAL, _WRITE, _DENY = 2, 3, 4, 2
_ANY_OPERATION, _ANY_PERMISSION = 1, 1
_EVERYBODY = "User:*"


class _Created(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 30, 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("results", Array(("error_code", Int16), ("error_message", String("utf-8")))),
    )


class _Create(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = 30, 1, _Created
    SCHEMA = Schema(
        (
            "creations",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("resource_pattern_type", Int8),
                ("principal", String("utf-8")),
                ("host", String("utf-8")),
                ("operation", Int8),
                ("permission_type", Int8),
            ),
        )
    )


class _Deleted(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 31, 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "filter_results",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                (
                    "matching_acls",
                    Array(
                        ("error_code", Int16),
                        ("error_message", String("utf-8")),
                        ("resource_type", Int8),
                        ("resource_name", String("utf-8")),
                        ("pattern_type", Int8),
                        ("principal", String("utf-8")),
                        ("host", String("utf-8")),
                        ("operation", Int8),
                        ("permission_type", Int8),
                    ),
                ),
            ),
        ),
    )


class _Delete(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = 31, 1, _Deleted
    SCHEMA = Schema(
        (
            "filters",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("pattern_type", Int8),
                ("principal", String("utf-8")),
                ("host", String("utf-8")),
                ("operation", Int8),
                ("permission_type", Int8),
            ),
        )
    )


class _CreateOne(Request[_Create]):  # type: ignore[misc]
    API_KEY = 30

    def __init__(self, *rule: object) -> None:
        self._rule = rule

    def build(self, request_struct_class: type[_Create]) -> _Create:
        return request_struct_class([self._rule])


class _DeleteOne(Request[_Delete]):  # type: ignore[misc]
    API_KEY = 31

    def __init__(self, *rule: object) -> None:
        self._rule = rule

    def build(self, request_struct_class: type[_Delete]) -> _Delete:
        return request_struct_class([self._rule])


async def forbid(bootstrap_servers: str, topic: str) -> None:
    """Let nobody write to a topic."""
    answer = await _ask(bootstrap_servers, _CreateOne(_TOPIC, topic, _LITERAL, _EVERYBODY, "*", _WRITE, _DENY))
    assert [code for code, _ in answer.results] == [0], answer


async def allow(bootstrap_servers: str, topic: str) -> None:
    """Let everybody write to a topic again."""
    wanted = _DeleteOne(_TOPIC, topic, _LITERAL, None, None, _ANY_OPERATION, _ANY_PERMISSION)
    answer = await _ask(bootstrap_servers, wanted)
    [(code, _, matching)] = answer.filter_results
    assert (code, len(matching)) == (0, 1), answer


async def _ask(bootstrap_servers: str, request: Request[Any]) -> Any:
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    try:
        return await client.send(client.get_random_node(), request)
    finally:
        await client.close()

"""The base of every event contract.

Invariant: a contract is frozen pure data that ignores fields it does not know, so that a consumer survives every
compatible change of a producer. Only optional fields are ever added; anything else is a new version with an upcaster.
"""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

TYPE_NAMESPACE = "cn.linbang"


class Event(BaseModel):
    """Something that has happened, as other services are told of it. Named in the past tense."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    topic: ClassVar[str]
    """Topic it travels on: ``<service>.<aggregate>``."""
    version: ClassVar[int] = 1

    @classmethod
    def event_type(cls) -> str:
        """Return the CloudEvents type, e.g. ``cn.linbang.activities.ServiceLogged.v1``."""
        return f"{TYPE_NAMESPACE}.{cls.publisher()}.{cls.__name__}.v{cls.version}"

    @classmethod
    def publisher(cls) -> str:
        """Return the service that publishes it."""
        return cls.topic.split(".", 1)[0]

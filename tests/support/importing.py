"""Imports as the role ``worker`` does them, without the other work of a service."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.imports.importer import ENDINGS, Positions, import_work
from shared.imports.job import ImportKind
from shared.messaging.fault_kinds import is_transient
from shared.store.engine import Store
from shared.work.worker import Worker


class NothingToPass:
    """The positions of a service that needs nobody's topics."""

    async def ends_of(self, _topics: Sequence[str]) -> Sequence[Any]:
        return []

    async def have_passed(self, _tx: AsyncConnection, _ends: Sequence[Any]) -> bool:
        return True


NOTHING_TO_PASS = NothingToPass()


def importing(
    store: Store, kinds: Mapping[str, ImportKind], file_key: bytes, positions: Positions = NOTHING_TO_PASS
) -> Worker:
    """Return a worker that takes in files of these kinds."""
    return Worker(store, import_work(kinds, file_key, positions), ENDINGS, is_transient)

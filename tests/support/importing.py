"""Imports as the role ``worker`` does them, without the other work of a service."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.imports.columns import Columns
from shared.imports.importer import ENDINGS, Positions, import_work
from shared.imports.job import ImportKind
from shared.imports.reading import ImportFile
from shared.imports.stored_file import Upload, seal_piece
from shared.messaging.fault_kinds import is_transient
from shared.store.engine import Store
from shared.store.event_log import new_id
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


def uploaded(file_key: bytes, content: bytes) -> Upload:
    """Return a small file as the api has taken it in: one piece, which goes in with its job."""
    import_id = new_id()
    return Upload(import_id, 1, seal_piece(file_key, import_id, 0, content), hashlib.sha256(content).digest())


def import_file(content: bytes, columns: Columns) -> ImportFile:
    """Return a file in memory under the columns of a kind."""
    return ImportFile(lambda: io.BytesIO(content), columns)

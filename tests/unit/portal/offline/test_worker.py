"""The service worker's text: what it keeps, and a version that changes with it."""

from services.portal.offline.domain import worker_of
from services.portal.shell.assets import worker_source

FILES = ["/assets/linbang.0123456789ab.css", "/assets/offline.0123456789ab.js"]


def test_the_server_writes_the_files_and_their_hash_into_the_worker() -> None:
    worker = worker_of(worker_source(), FILES)
    assert f'const VERSION = "{worker.version}";' in worker.text
    assert f'const FILES = ["{FILES[0]}", "{FILES[1]}"];' in worker.text
    assert worker == worker_of(worker_source(), FILES)


def test_another_file_makes_another_version() -> None:
    others = [FILES[0], "/assets/offline.ba9876543210.js"]
    assert worker_of(worker_source(), FILES).version != worker_of(worker_source(), others).version

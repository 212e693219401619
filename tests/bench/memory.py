"""``python -m tests.bench.memory``: the memory that registry takes for files of 256 MiB, uploaded and read (D9).

It prints the most that the service's process, and the one that reads spreadsheets, have had in memory at once.
"""

import asyncio
import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from pathlib import Path

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from services.registry.people.roster_import import COLUMNS
from tests.bench import system
from tests.bench.setting import Setting, running_servers
from tests.files.workbook import Book, Sheet

MEBIBYTE = 1024 * 1024
SIZE = 256 * MEBIBYTE
LIMIT = 300 * MEBIBYTE
_SECONDS = 0.02
console = Console()


def main() -> None:
    """Measure, print, and fail where the limit is passed."""
    with running_servers() as servers:
        taken = uvloop.run(_measure(Setting(servers)))
    table = Table("file", "MiB", "lines", "seconds", "most memory, MiB", title=f"limit: {LIMIT // MEBIBYTE} MiB")
    for row in taken:
        table.add_row(*row[:5])
    console.print(table)
    raise SystemExit(any(row[5] for row in taken))


async def _measure(setting: Setting) -> list[tuple[str, str, str, str, str, bool]]:
    try:
        with ExitStack() as stack:
            platform = await system.start(setting, stack, "registry")
            await platform.open_district()
            idle = psutil.Process(setting.pid("registry")).memory_info().rss
            rows = [("none: the service at rest", "0", "0", "0", f"{idle / MEBIBYTE:.0f}", idle > LIMIT)]
            for name, write in FILES.items():
                file = setting.path(name)
                write(file)
                began = time.monotonic()
                with _Watch(setting.pid("registry")) as watch:
                    end = await asyncio.to_thread(platform.clients["registry"].upload_import, "roster", file)
                if end.state != "completed" or not end.done:
                    raise AssertionError(f"import of {name}: {end}")
                size, seconds = file.stat().st_size / MEBIBYTE, time.monotonic() - began
                rows.append((
                    name, f"{size:.0f}", f"{end.done:,}", f"{seconds:.0f}", f"{watch.most / MEBIBYTE:.0f}",
                    watch.most > LIMIT,
                ))  # fmt: skip
        setting.stop()
        return rows
    finally:
        await setting.close()


class _Watch:
    """Watches what a process and its children have in memory together, in a thread."""

    def __init__(self, pid: int) -> None:
        self.most = 0
        self._process = psutil.Process(pid)

    def __enter__(self) -> "_Watch":
        self._task = asyncio.get_running_loop().create_task(self._look())
        return self

    def __exit__(self, *_: object) -> None:
        self._task.cancel()

    async def _look(self) -> None:
        while True:
            with suppress(psutil.NoSuchProcess):
                each = [self._process, *self._process.children(recursive=True)]
                self.most = max(self.most, sum(process.memory_info().rss for process in each))
            await asyncio.sleep(_SECONDS)


def _lines() -> Iterator[str]:
    """Yield lines of 2,700 letters that are each rejected: reading is measured, not writing."""
    yield ",".join(COLUMNS) + "\r\n"
    filling = "文" * 900
    while True:
        yield f"51011500000001,张三,男,,17190000000,,居民,,,{filling},,,2025-03-01\r\n"


def _plain(file: Path) -> None:
    size = 0
    with file.open("wb") as out:
        for line in _lines():
            size += out.write(line.encode())
            if size > SIZE - 4000:
                return


def _packed(file: Path) -> None:
    size = 0
    with gzip.open(file, "wb", compresslevel=1) as out:
        for line in _lines():
            size += out.write(line.encode())
            if size > SIZE - 4000:
                return


def _short(file: Path) -> None:
    """Write as many lines as a file may have, each as short as it can be."""
    with file.open("wb") as out:
        out.write((",".join(COLUMNS) + "\n").encode())
        for _ in range(100):
            out.write(b"1,,,,,,,,,,,,\n" * 9_000)


def _sheet(file: Path) -> None:
    """Write a sheet whose XML is nearly as much as may be unpacked."""
    cells = [line.rstrip("\r\n").split(",") for line in islice(_lines(), 60_000)]
    file.write_bytes(Book([Sheet("Sheet1", cells)], inline=True).content())


FILES: dict[str, Callable[[Path], None]] = {
    "plain.csv": _plain,
    "packed.csv.gz": _packed,
    "short.csv": _short,
    "sheet.xlsx": _sheet,
}

if __name__ == "__main__":
    main()

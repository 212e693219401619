"""Writes the corpus into a folder: ``python -m tests.files FOLDER``."""

import csv
import sys
from pathlib import Path

from tests.files.corpus import CORPUS


def main(folder: Path) -> None:
    """Write every file, and ``expected.csv``: its name, who makes such a file, and the verdicts."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "expected.csv").open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["file", "made by", "verdicts"])
        for case in CORPUS:
            (folder / case.name).write_bytes(case.make())
            writer.writerow([case.name, case.program, "; ".join(case.expected)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The command line: what it asks for, and what its exit code says."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.activities import cli
from shared.http.client import ImportProgress, RequestRefusedError
from shared.imports import command_line

END = ImportProgress("i1", "completed", 3, 3, 2, 0, 0, 1)


class Platform:
    """Stands for both services: notes what it is asked, and ends the import as it is told."""

    def __init__(self, end: ImportProgress | Exception) -> None:
        self._end = end
        self.asked: list[tuple[Any, ...]] = []

    def __call__(self, url: str, *, district: str | None) -> "Platform":
        self.asked.append((url, district))
        return self

    def __enter__(self) -> "Platform":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def log_in(self, user: str, password: str, *, code: str, registry_url: str) -> None:
        self.asked.append((user, password, code, registry_url))

    def upload_import(self, kind: str, path: Path, show: Any, *, dry_run: bool) -> ImportProgress:
        self.asked.append((kind, path.name, *(["dry run"] if dry_run else [])))
        if isinstance(self._end, Exception):
            raise self._end
        show(self._end)
        return self._end

    def download_report(self, import_id: str, path: Path) -> None:
        path.write_text(import_id)


def run(monkeypatch: pytest.MonkeyPatch, directory: Path, end: ImportProgress | Exception, *options: str) -> Any:
    platform = Platform(end)
    monkeypatch.setattr(command_line, "LinbangClient", platform)
    file = directory / "records.csv"
    file.write_text("record_no\n")
    result = CliRunner().invoke(cli.app, ["import-records", str(file), "--user", "u", "--password", "p", *options])
    return result, platform


def test_records_are_uploaded_and_the_report_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    result, platform = run(
        monkeypatch, tmp_path, END, "--report", str(report), "--district", "510115", "--code", "123456"
    )
    assert result.exit_code == 0, result.output
    assert report.read_text() == "i1"
    assert platform.asked == [
        ("http://127.0.0.1:8102", "510115"),
        ("u", "p", "123456", "http://127.0.0.1:8101"),
        ("service-records", "records.csv"),
    ]


def test_a_dry_run_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    end = ImportProgress("i1", "completed", 3, 3, 2, 0, 0, 1, changed=1)
    result, platform = run(monkeypatch, tmp_path, end, "--dry-run")
    assert result.exit_code == 0, result.output
    assert platform.asked[-1] == ("service-records", "records.csv", "dry run")
    assert "Nothing was imported" in result.output


@pytest.mark.parametrize(
    ("end", "code", "said"),
    [
        (ImportProgress("i1", "failed", None, 0, 0, 0, 0, 0, 0, ("无法读取文件",)), 1, "无法读取文件"),
        (RequestRefusedError(403, {"title": "Not allowed"}), 2, "Not allowed"),
    ],
)
def test_the_exit_code_says_what_went_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, end: ImportProgress | Exception, code: int, said: str
) -> None:
    result, _ = run(monkeypatch, tmp_path, end)
    assert result.exit_code == code
    assert said in result.output

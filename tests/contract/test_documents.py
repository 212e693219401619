"""The documents in the repository are those that the code gives."""

from pathlib import Path

import pytest

from deploy import docs


def test_the_generated_documentation_is_not_stale() -> None:
    stale = [
        str(path.relative_to(docs.ROOT))
        for path, content in docs.documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    assert not stale, f"run `make docs` and commit: {', '.join(stale)}"


def test_a_schema_is_frozen_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs, "SCHEMAS", tmp_path)
    first, *others = docs.missing_schemas()
    first.write_text("frozen before")
    assert list(docs.missing_schemas()) == others

"""Districts are kept apart by what the code says, read from its text: migrations put every table with a district behind
row-level security, and statements name the district though the policies would."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.services import tables

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = sorted([*ROOT.glob("services/*/migrations/*.py"), *ROOT.glob("shared/store/migrations/versions/*.py")])
DEFINERS = {"oldest_xmin_seconds"}
"""Functions with their owner's rights, looked at one by one: this one reads no table of ours."""
_TABLE = re.compile(r"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)\s*\(([^;]*)", re.IGNORECASE)
_WEAKER = re.compile(
    r"DISABLE\s+ROW\s+LEVEL|NO\s+FORCE\s+ROW\s+LEVEL|\bBYPASSRLS|GRANT\s+ALL|TO\s+PUBLIC",
    re.IGNORECASE,
)
_DEFINER = re.compile(r"FUNCTION\s+(\w+)(?:(?!FUNCTION).)*?SECURITY\s+DEFINER", re.IGNORECASE | re.DOTALL)
_GRANT = re.compile(r"GRANT\s+(?!EXECUTE)[\w\s,()]+\s+ON\s+(?:TABLE\s+)?(\w+)", re.IGNORECASE)


def faults(source: str) -> Iterator[str]:
    """Yield what is wrong with one migration."""
    tree = ast.parse(source)
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    with_district = {
        match[1]
        for text in texts
        for match in _TABLE.finditer(text)
        if re.search(r"^\s*district\s", match[2], re.MULTILINE)
    }
    secured, granted = dict(_calls(tree, "secure")), dict(_calls(tree, "grant"))
    for table in sorted(with_district - secured.keys()):
        yield f"{table} has a district and is not passed to secure()"
    for table in sorted(with_district & granted.keys()):
        yield f"{table} has a district and rights without policies, by grant()"
    for table, rights in secured.items():
        if not rights & {"api", "worker"}:
            yield f"{table} is secured and has no policy"
    for text in texts:
        for definer in _DEFINER.finditer(text):
            if definer[1] not in DEFINERS:
                yield f"{definer[1]} is SECURITY DEFINER: it sees with its owner's rights"
        if weaker := _WEAKER.search(text):
            yield f"weakens row-level security or rights: {weaker[0]}"
        if granting := _GRANT.search(text):
            yield f"grants rights on {granting[1]} past secure() and grant()"


def _calls(tree: ast.AST, function: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the tables that a function of shared.store.ddl is called with, and the roles that get rights."""
    loops = {
        loop.target.id: [ast.literal_eval(each) for each in loop.iter.elts]
        for loop in ast.walk(tree)
        if isinstance(loop, ast.For)
        and isinstance(loop.target, ast.Name)
        and isinstance(loop.iter, ast.Tuple | ast.List)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            table = node.args[0]
            names = loops[table.id] if isinstance(table, ast.Name) else [ast.literal_eval(table)]
            for name in names:
                yield name, {keyword.arg or "" for keyword in node.keywords}


@pytest.mark.parametrize("migration", MIGRATIONS, ids=lambda path: path.name)
def test_every_migration_keeps_the_rule(migration: Path) -> None:
    assert list(faults(migration.read_text(encoding="utf-8"))) == []


_MADE = 'op.execute("CREATE TABLE visit (\\n district text NOT NULL,\\n id uuid)")\n'


@pytest.mark.parametrize(
    ("violation", "fault"),
    [
        (_MADE, "visit has a district and is not passed to secure()"),
        (_MADE + 'secure("visit")', "visit is secured and has no policy"),
        (_MADE + 'secure("visit", api="SELECT")\ngrant("visit", worker="SELECT")', "rights without policies"),
        (_MADE + 'for t in ("other",):\n    secure(t, api="SELECT")', "visit has a district and is not passed"),
        ('op.execute("ALTER TABLE visit NO FORCE ROW LEVEL SECURITY")', "NO FORCE ROW LEVEL"),
        ('op.execute("GRANT SELECT ON visit TO registry_api")', "grants rights on visit past"),
        ('op.execute("CREATE FUNCTION f() RETURNS int SECURITY DEFINER AS $$ SELECT 1 $$")', "SECURITY DEFINER"),
    ],
)
def test_a_seeded_violation_is_found(violation: str, fault: str) -> None:
    assert any(fault in found for found in faults(violation)), list(faults(violation))


def test_a_table_that_is_secured_in_a_loop_is_in_order() -> None:
    assert list(faults(_MADE + 'for t in ("visit",):\n    secure(t, api="SELECT")')) == []


KIT_TABLES = {
    "event_log",
    "outbox",
    "idempotency_key",
    "import_job",
    "import_file",
    "import_verdict",
    "work",
    "revocation",
}
SOURCES = sorted(path for path in ROOT.glob("services/*/**/*.py") if "migrations" not in path.parts)


def districtless(source: str, tables: set[str]) -> Iterator[str]:
    """Yield the statements that touch a table with a district and never say which: the worker role sees every one."""
    names = re.compile(rf"\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:{'|'.join(sorted(tables))})\b")
    tree = ast.parse(source)
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(value) for node in joined for value in ast.walk(node) if value is not node}
    for node in ast.walk(tree):
        if id(node) in parts or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        statement = _text(node)
        if names.search(statement) and "district" not in statement:
            yield " ".join(statement.split())


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    """Return a string's text, with what is put in at run time left out."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(str(value.value) for value in node.values if isinstance(value, ast.Constant))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_statement_on_a_district_s_table_names_the_district(source: Path) -> None:
    service = source.relative_to(ROOT).parts[1]
    own = {name for name, table in tables(service).items() if "district" in table.columns}
    found = districtless(source.read_text(encoding="utf-8"), KIT_TABLES | own)
    assert list(found) == []


@pytest.mark.parametrize(
    ("source", "statements"),
    [
        ('text("SELECT number FROM volunteer WHERE id = :id")', 1),
        ('text(f"UPDATE volunteer SET {column} = 1 WHERE id = :id")', 1),
        ('text("SELECT number FROM volunteer WHERE district = :district AND id = :id")', 0),
        ('text(f"SELECT {columns} FROM volunteer v WHERE v.district = :district")', 0),
        ('text("SELECT code FROM somewhere_else")', 0),
    ],
)
def test_a_seeded_statement_without_a_district_is_found(source: str, statements: int) -> None:
    assert len(list(districtless(source, {"volunteer"}))) == statements

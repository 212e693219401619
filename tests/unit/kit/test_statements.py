"""Statements made from tables name every column once, with its type."""

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, Table, Text, TextClause, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP

from shared.store.statements import insert_rows, keep_latest

KNOWN = Table(
    "known_place",
    MetaData(),
    Column("district", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("code", Text, nullable=False),
    Column("since", TIMESTAMP(timezone=True)),
    Column("quota", BigInteger),
    Column("demand", JSON),
    Column("version", Integer, nullable=False),
)


def sql(statement: TextClause) -> str:
    return " ".join(str(statement).split())


def test_a_set_of_rows_is_one_insert_with_the_types_of_its_columns() -> None:
    assert sql(insert_rows(KNOWN, ["id", "since", "demand"], same=["district"])) == (
        "INSERT INTO known_place (district, id, since, demand) "
        "SELECT CAST(:district AS TEXT), r.id, r.since, CAST(r.demand AS JSON) "
        "FROM unnest(CAST(:id AS UUID[]), CAST(:since AS TIMESTAMP WITH TIME ZONE[]), CAST(:demand AS text[])) "
        "AS r(id, since, demand)"
    )


def test_what_is_there_already_and_what_is_asked_back_is_said() -> None:
    statement = sql(insert_rows(KNOWN, ["district", "id"], conflict="DO NOTHING", returning="id"))
    assert statement.endswith("AS r(district, id) ON CONFLICT DO NOTHING RETURNING id")


def test_the_last_version_of_a_row_is_kept() -> None:
    assert sql(keep_latest(KNOWN, ["code", "quota"])) == (
        "INSERT INTO known_place AS kept (district, id, code, quota, version) "
        "SELECT DISTINCT ON (district, id) r.district, r.id, r.code, r.quota, r.version "
        "FROM unnest(CAST(:district AS TEXT[]), CAST(:id AS UUID[]), CAST(:code AS TEXT[]), "
        "CAST(:quota AS BIGINT[]), CAST(:version AS INTEGER[])) AS r(district, id, code, quota, version) "
        "ORDER BY district, id, version DESC ON CONFLICT (district, id) DO UPDATE "
        "SET code = excluded.code, quota = excluded.quota, version = excluded.version "
        "WHERE kept.version < excluded.version"
    )

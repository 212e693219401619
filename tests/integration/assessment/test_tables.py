"""The schema is as ``tables`` describes it."""

from sqlalchemy import Connection, inspect

from services.assessment.tables import metadata
from tests.integration.assessment.conftest import Core


async def test_the_migrated_tables_are_those_described(core: Core) -> None:
    def compare(connection: Connection) -> None:
        found = inspect(connection)
        for table in metadata.tables.values():
            columns = {column["name"]: column for column in found.get_columns(table.name)}
            assert list(columns) == [column.name for column in table.columns]
            for column in table.columns:
                there = columns[column.name]
                assert (there["nullable"], there["type"].compile(connection.dialect)) == (
                    column.nullable,
                    column.type.compile(connection.dialect),
                )
            key = [column.name for column in table.primary_key]
            assert found.get_pk_constraint(table.name)["constrained_columns"] == key

    async with core.worker.engine.connect() as connection:
        await connection.run_sync(compare)

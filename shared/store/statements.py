"""Set inserts and upserts, made from a part's ``tables.py``: a column is written there and nowhere else.

Invariant: a set of rows is one statement. Its parameters are a list a column, under the columns' names; columns that
all rows share are single values. Queries are written by hand: they are where SQL has something to say.
"""

from collections.abc import Sequence

from sqlalchemy import JSON, Table, TextClause, text
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_rows(
    table: Table,
    columns: Sequence[str],
    *,
    same: Sequence[str] = (),
    conflict: str = "",
    returning: str = "",
    prefix: str = "",
) -> TextClause:
    """Return the statement that inserts a set of rows.

    ``columns`` have a list of values each, ``same`` one value for all rows; ``conflict`` is what follows ON CONFLICT.
    ``prefix`` goes before the parameters' names, for a statement that is part of another.
    """
    named = ", ".join((*same, *columns))
    shared = [f"CAST(:{prefix}{name} AS {_type(table, name)})" for name in same]
    values = ", ".join((*shared, *_selected(table, columns)))
    return text(
        f"INSERT INTO {table.name} ({named}) SELECT {values} FROM {unnest(table, columns, prefix)}"
        + (f" ON CONFLICT {conflict}" if conflict else "")
        + (f" RETURNING {returning}" if returning else "")
    )


def keep_latest(table: Table, columns: Sequence[str]) -> TextClause:
    """Return the statement that keeps the last version of each row, in whatever order and however often they come.

    ``columns`` are those besides the key and ``version``.
    """
    key = [column.name for column in table.primary_key]
    named = [*key, *columns, "version"]
    keyed = ", ".join(key)
    changed = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "version"))
    return text(f"""
        INSERT INTO {table.name} AS kept ({", ".join(named)})
        SELECT DISTINCT ON ({keyed}) {", ".join(_selected(table, named))} FROM {unnest(table, named)}
        ORDER BY {keyed}, version DESC
        ON CONFLICT ({keyed}) DO UPDATE SET {changed} WHERE kept.version < excluded.version
    """)


def upsert_changed(
    table: Table, columns: Sequence[str], *, same: Sequence[str], key: Sequence[str], new: Sequence[str] = ()
) -> TextClause:
    """Return the statement that puts entries on file and returns those that are new or different.

    ``key`` says which entry a row is, ``new`` are columns that only an entry that is not on file yet takes. Where the
    table has a ``version``, it rises by one with each difference.
    """
    versioned = "version" in table.c
    named = [*same, *columns, *(["version"] if versioned else [])]
    values = [f"CAST(:{name} AS {_type(table, name)})" for name in same] + _selected(table, columns)
    compared = [name for name in columns if name not in (*key, *new)]
    changes = [f"{name} = excluded.{name}" for name in compared] + (["version = kept.version + 1"] if versioned else [])
    returned = [name for name in ("code", "id", "version") if name in table.c]
    return text(f"""
        INSERT INTO {table.name} AS kept ({", ".join(named)})
        SELECT {", ".join([*values, *(["1"] if versioned else [])])} FROM {unnest(table, columns)}
        ON CONFLICT ({", ".join(key)}) DO UPDATE SET {", ".join(changes)}
        WHERE ({", ".join(f"kept.{name}" for name in compared)})
              IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in compared)})
        RETURNING {", ".join(f"kept.{name}" for name in returned)}
    """)


def unnest(table: Table, columns: Sequence[str], prefix: str = "") -> str:
    """Return the FROM item of a set of rows, named ``r``, with these columns of a table."""
    arrays = ", ".join(f"CAST(:{prefix}{name} AS {_array_type(table, name)}[])" for name in columns)
    return f"unnest({arrays}) AS r({', '.join(columns)})"


def _selected(table: Table, columns: Sequence[str]) -> list[str]:
    # a list of JSON texts is an array of text; the driver would take an array of json for values still to be encoded
    return [
        f"CAST(r.{name} AS {_type(table, name)})" if isinstance(table.c[name].type, JSON) else f"r.{name}"
        for name in columns
    ]


def _array_type(table: Table, column: str) -> str:
    return "text" if isinstance(table.c[column].type, JSON) else _type(table, column)


def _type(table: Table, column: str) -> str:
    return table.c[column].type.compile(_DIALECT)

"""SQL that says which events of a producer's log a consumer is to handle, and which of them it has set aside.

Invariant: a log keeps the name that a type had when the event was written; every statement goes by ``EVENT``.
"""

from shared.contracts.upcasters import RENAMED

EVENT = "\n".join(
    (
        "CASE split_part(type, '.v', 1)",
        *(
            f"WHEN '{old}' THEN CASE aggregate_version WHEN 1 THEN '{new.first}' ELSE '{new.later}' END"
            for old, new in RENAMED.items()
        ),
        "ELSE split_part(type, '.v', 1) END",
    )
)
"""On a log: the present name of an event's type, without its version (``upcasters.type_of`` in SQL)."""
HANDLED = f"""{EVENT} = ANY($1::text[])
      AND occurred_at >= ($2::timestamptz[])[array_position($1::text[], {EVENT})]"""
"""On a log: whether an event is of one of the types $1, and no older than $2 has it (``Subscriptions.handled``)."""
PARKED_IDS = r"""
    SELECT lower(found[1])
    FROM dead_letter, regexp_matches(CAST(headers AS text), '\["ce_id", "([0-9a-f-]{36})"\]', 'gi') AS found
    WHERE consumer = :consumer"""
"""On the consumer's database: the ids, as text, of the events that it has parked, which their headers tell.

Headers are a stranger's bytes (``dead_letter.headers_as_json``): PostgreSQL's functions for JSON fail at a header that
is no text for it, wherever in the list it stands.
"""

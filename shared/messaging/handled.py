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
PARKED_IDS = """
    SELECT header ->> 1 FROM dead_letter, json_array_elements(headers) AS header
    WHERE consumer = :consumer AND header ->> 0 = 'ce_id' AND header ->> 1 IS NOT NULL"""
"""On the consumer's database: the ids, as text, of the events that it has parked, which their headers tell."""

"""SQL that says which events of a producer's log a consumer is to handle, and which of them it has set aside."""

HANDLED = """split_part(type, '.v', 1) = ANY($1::text[])
      AND occurred_at >= ($2::timestamptz[])[array_position($1::text[], split_part(type, '.v', 1))]"""
"""On a log: whether an event is of one of the types $1, and no older than $2 has it (``Subscriptions.handled``)."""
PARKED_IDS = """
    SELECT header ->> 1 FROM dead_letter, json_array_elements(headers) AS header
    WHERE consumer = :consumer AND header ->> 0 = 'ce_id' AND header ->> 1 IS NOT NULL"""
"""On the consumer's database: the ids, as text, of the events that it has parked, which their headers tell."""

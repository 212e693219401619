"""PostgreSQL: transactions with a district set, the event log with its outbox, schema migrations."""

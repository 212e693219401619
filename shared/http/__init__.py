"""HTTP conventions: problems (RFC 9457), tokens and roles, idempotency keys, pages, entity tags."""

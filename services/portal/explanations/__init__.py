"""Why a record counts what it counts: its events beside the ledger's entries, for the office and its volunteer."""

"""What the routes show. Invariant: reads change nothing, and every figure is a sum over the ledger."""

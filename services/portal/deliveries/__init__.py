"""How a district's messages reach people, for the operator: counts and reasons, no address and no text."""

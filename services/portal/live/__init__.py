"""Signs of life: counts of places, queues and messages that change in an open page by themselves (ADR 0038)."""

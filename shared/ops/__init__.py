"""How a running service is watched: metrics, health, logs, traces, and failpoints for the fault tests."""

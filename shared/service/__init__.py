"""How a service is put together of its parts, and runs: ``python -m services.<name> ROLE...``."""

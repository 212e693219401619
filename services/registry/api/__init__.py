"""Registry over HTTP."""

"""What local mode loads when it starts for the first time.

Invariant: called once per `.local/`, when all services are ready; it talks to them by HTTP only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def seed(base_urls: Mapping[str, str]) -> list[str]:
    """Load the sample district's reference data; return the lines to print (sample log-ins)."""
    del base_urls
    return []

"""Rule documents: what a district's volunteers keep to, by version, and who has read and accepted which (ADR 0058)."""

"""What registry signs tokens as, and every service verifies them by (ADR 0007)."""

ISSUER = "linbang-registry"
ALGORITHM = "Ed25519"  # the name that RFC 9864 gives to EdDSA with this curve

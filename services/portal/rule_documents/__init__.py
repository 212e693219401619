"""Rule documents as pages: read by anybody, accepted by volunteers, published and followed up by the centre."""

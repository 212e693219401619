"""Teams: asked for and formed, renamed, moved, merged, closed; and the tree that they are the leaves of (ADR 0051)."""

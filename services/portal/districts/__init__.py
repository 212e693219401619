"""The districts of this installation and the keys that sign, for its operator."""

"""The districts of an installation, as its operator opens them and sees how far each has come."""

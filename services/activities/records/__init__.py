"""Service records: looked up, corrected, brought in by files."""

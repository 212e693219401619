"""The accounts of a district, for its office."""

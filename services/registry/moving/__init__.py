"""Somebody moves to another district of the installation, and stays who they are (domain.md row 59, ADR 0065)."""

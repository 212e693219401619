"""Consents: what each person has agreed to and taken back, by purpose and version, and what their organisation says."""

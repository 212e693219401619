"""Signing up, put together."""

from shared.service.part import Part

PART = Part()

"""Households that are looked after, for their case workers, and for those who see that they are."""

"""Rules of households and pairings."""

"""The services of Linbang: independent, identical in shape, joined by events alone."""

"""Activities and their shifts: published complete, found by volunteers."""

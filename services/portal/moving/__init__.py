"""Moving to another district: asked for by the person, decided by the new district's office."""

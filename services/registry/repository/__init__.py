"""All SQL of registry's write model, one module per family of tables."""

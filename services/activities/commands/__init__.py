"""Use cases, one function each; each opens its transaction and appends its events in it."""

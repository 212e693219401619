"""Use cases that change the register, one function each; every one opens its transaction."""

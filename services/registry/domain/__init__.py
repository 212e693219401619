"""Rules of the register, free of input and output."""

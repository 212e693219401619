"""The rules of the standard, without a driver."""

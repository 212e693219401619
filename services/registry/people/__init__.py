"""People: volunteers register, one by one or by roster; what is theirs is sealed."""

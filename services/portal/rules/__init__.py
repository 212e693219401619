"""The district's rules of attendance and of answering: what holds, what has held, and setting others."""

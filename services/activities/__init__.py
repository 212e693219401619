"""Activities: shifts, sign-ups, attendance and service records of one district's volunteers.

Invariant: a shift never has more confirmed places than its capacity, and nobody is recorded in two places at once.
"""

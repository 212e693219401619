"""What the routes show.

Invariant: reads change nothing. A figure sums credits, reversals and corrections by the day of service, so that what
was corrected or voided counts as it is now; a session counts while its record is not void.
"""

"""What the routes show. Invariant: reads change nothing; a figure sums credits, reversals and corrections by the day of
service, so that what was corrected or voided counts as it is now. A session counts while its record is not void.
"""

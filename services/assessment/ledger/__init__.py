"""The hours ledger: entries that only grow, their sums, and how much of an import is in it.

It is entered by the reactions of the part above, which announce what is new in it.
"""

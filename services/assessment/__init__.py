"""Assessment: the hours ledger, star levels, and what the figures of a district are.

Invariant: a volunteer's hours are the sum of their ledger entries, always. There is no personal data here: ids and
volunteer numbers only.
"""

"""Assessment: the hours ledger, star levels, and what the figures of a district are.

It holds no personal data: ids and volunteer numbers only.
"""

"""The pages that people see: it asks the other services as the person who looks, and shows what they answer.

Invariant: nothing of what is shown is kept. Its database holds sessions alone, and no token ever reaches a browser.
"""

"""Which rules a district has, as activities names them; each is a number of minutes."""

RULES = (
    *("check_in_opens", "counts_early", "counts_late", "forgotten_after"),
    *("offer_stands", "no_offers", "agreement", "notice"),
)
"""In the order of a page."""

"""Coming and going: codes of the place, the leader's list, forgotten check-outs; the time given becomes a record."""

"""Who has read and changed what of whom: the pages of the auditor (A2)."""

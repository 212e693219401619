"""Work that must happen later: rows of the table ``work``, claimed by the role ``worker`` of their service."""

"""Replay: a projection filled once more, from the events alone, and held against the live one.

``event_logs`` and ``topic_records`` read the events, ``rebuild`` fills shadow tables with them, ``comparison`` finds
what differs, ``request`` is all of that once. ``by_district`` is the comparison of every night: ``proof`` proves one
district, by a ``seal`` and what has changed since or in full. ``swap`` puts the shadow in the live one's place,
``command_line`` is what an operator sees of it.
"""

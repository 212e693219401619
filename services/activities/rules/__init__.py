"""A district's rules of attendance and of answering, by version; an activity keeps those it was published with."""

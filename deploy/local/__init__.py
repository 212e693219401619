"""Everything on one machine with nothing but Python: PostgreSQL, Kafka, mail and the four services."""

"""Events between services: relay (outbox to Kafka), consumer (Kafka to PostgreSQL), dead letters, topics."""

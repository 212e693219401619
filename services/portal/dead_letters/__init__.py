"""What no service could apply, for its operator: seen, applied again, or given up."""

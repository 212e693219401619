"""What surveys have found that communities need, beside what is planned there."""

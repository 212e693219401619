"""What every service shares: event contracts, storage, messaging, HTTP conventions and operations."""

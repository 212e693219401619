"""Rules of activities, sign-ups, attendance and service records; no I/O."""

"""What happened in sessions, kept: records, the store, and what an answer means."""

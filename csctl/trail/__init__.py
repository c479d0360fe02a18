"""The audit trail: every event of every record, and what it proves."""

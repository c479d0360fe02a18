"""git as a process, and the history of records in it."""

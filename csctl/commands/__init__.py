"""One module a command: parse, call down, show, return the exit code."""

"""Clocks: how long each runs, what stops it, what is due, who is told."""

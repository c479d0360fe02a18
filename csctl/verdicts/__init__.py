"""Verdicts: all rules over records and changes, on all cores, kept while nothing changed."""

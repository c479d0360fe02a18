"""Casework: what people do with a record, from the first change to what leaves the house."""

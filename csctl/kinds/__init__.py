"""Kinds of records: from schema files to fields, stages, sends and clocks."""

"""YAML as records use it: read with places, written canonically, edited in place."""

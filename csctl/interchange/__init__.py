"""Reports of open formats: written from records, and read back."""

"""The terminal: what is shown, asked and told."""

"""The rules: one table, one module a family, and the gates made of them."""

"""Approval: who signed what with which key, and what vouches for it."""

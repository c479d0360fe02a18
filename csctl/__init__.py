"""Customer-service and complaint control as plain files in a git repository."""

__version__ = "0.1.0"

"""`python -m csctl`."""

from csctl.cli import run

run()

"""`python -m csctl`."""

from csctl.cli import run

if __name__ == "__main__":  # a process of ours begins by importing this
    run()

"""The command line: one command for each thing a reader does without Python."""

from drr_tutorial.cli.commands import main

__all__ = ["main"]

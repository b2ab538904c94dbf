"""`python -m drr_tutorial.cli`: the same as `drr-tutorial`, without the book's own commands."""

from drr_tutorial.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

"""The terminal, as a command meets it: any encoding, a pipe that is closed early, values that begin with a dash."""

import io
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import tyro

Folder = Annotated[Path, tyro.conf.Positional]
CLOSED_PIPE = 141  # what a shell reports for a program that was stopped by it: 128 + SIGPIPE


@contextmanager
def terminal() -> Iterator[None]:
    """Whatever is printed inside is shown: a letter that the terminal's encoding lacks as a question mark.

    Raises `SystemExit` when nobody reads on (`| head`), or the output cannot be written.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python tries again when it ends
        if isinstance(error, BrokenPipeError):
            raise SystemExit(CLOSED_PIPE) from None
        raise SystemExit(f"drr-tutorial: error: cannot print: {error.strerror or error}") from None


def join_values(arguments: Sequence[str], repeated: Sequence[str] = ()) -> list[str]:
    """The arguments with each value that begins with a dash joined to its option: `--user -k9Q` as `--user=-k9Q`.

    An option in `repeated` takes all values up to the next `--option`, and each gets the option for itself.
    """
    joined: list[str] = []
    option = ""  # whose value may come next
    for place, argument in enumerate(arguments):
        if argument == "--":  # from here on the parser takes all as they are
            return [*joined, *arguments[place:]]
        is_option = argument.startswith("--") or argument == "-h"
        if not is_option and option and (option in repeated or argument.startswith("-")):
            joined = joined[:-1] if joined[-1] == option else joined
            joined.append(f"{option}={argument}")
            option = option if option in repeated else ""
        else:
            joined.append(argument)
            name = argument.partition("=")[0]
            option = name if is_option and (name == argument or name in repeated) else ""
    return joined


def is_said_on_purpose(error: BaseException) -> bool:
    """Whether a raise statement of this package said it, so that it is for the user; all else is a defect."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Path(last.filename).is_relative_to(Path(__file__).parents[1]) and (last.line or "").startswith("raise ")

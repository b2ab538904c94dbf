"""The preset that a command line names: it gives the defaults of all other options."""

import argparse
from collections.abc import Sequence
from typing import Literal

from drr_tutorial.config import PRESETS, ExperimentConfig

Preset = Literal["default", "simple", "next", "paper", "original", "planning"]


def preset_of(arguments: Sequence[str]) -> ExperimentConfig:
    """The preset named on the command line; it gives the defaults of all other options, so it must be known
    before they are read.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", default="")
    parser.add_argument("--env", default="")
    given = parser.parse_known_args(arguments)[0]
    return PRESETS.get(given.preset or ("planning" if given.env else "default"), PRESETS["default"])

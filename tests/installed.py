"""What an installation of the package without extras consists of, read from what is installed here."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

PACKAGE = "drr_tutorial"


def needed(names: list[str]) -> dict[str, Distribution]:
    """Name -> distribution, for these and all that they need in turn, extras and what is not installed left out."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:  # for other systems
            continue
        waiting += requirements(found[name])
    return found


def requirements(of: Distribution) -> list[str]:
    """Names of what it needs itself, extras left out."""
    return [re.split(r"[^\w.-]", line.strip())[0] for line in of.requires or [] if "extra ==" not in line]


def modules(distributions: dict[str, Distribution]) -> set[str]:
    """First names of what can be imported from them."""
    names = {each.metadata["Name"] for each in distributions.values()}
    return {module for module, owners in packages_distributions().items() if names & set(owners)}


def megabytes(distributions: dict[str, Distribution]) -> float:
    """On the disk: all files that their installers wrote."""
    paths = [Path(str(file.locate())) for each in distributions.values() for file in each.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6

"""The first cell of a reader's notebook: when it has run the package is there, before a release and after it."""

import os

from drr_tutorial import __version__

# The address of this repository once it has one, such as https://github.com/somebody/book. Where notebooks are made,
# BOOK_REPOSITORY in the environment can say it, as in `.github/workflows/book.yml`, and BOOK_REVISION the commit
# that they are made from; without that the tag of the version is taken.
REPOSITORY = ""
INSTALL = """\
# Installs the package where it is missing, as on Colab: {where}.
import importlib.util
if importlib.util.find_spec("drr_tutorial") is None:
    %pip install -q drr_tutorial=={version}{otherwise}
%matplotlib inline"""
FROM_REPOSITORY = """
    importlib.invalidate_caches()
    if importlib.util.find_spec("drr_tutorial") is None:
        %pip install -q git+{repository}@{revision}"""
WITHOUT_ADDRESS = """this version. If pip
# does not find it, write the path of a clone of the book, or of its wheel, below"""
WITH_ADDRESS = """this version from
# the index of packages, or while it is not there from the book's repository"""


def first_cell() -> str:
    """The source of the cell. Where a repository follows, pip may first say that the index lacks the version."""
    repository = (os.environ.get("BOOK_REPOSITORY") or REPOSITORY).rstrip("/")
    revision = os.environ.get("BOOK_REVISION") or f"v{__version__}"
    otherwise = FROM_REPOSITORY.format(repository=repository, revision=revision) if repository else ""
    where = WITH_ADDRESS if repository else WITHOUT_ADDRESS
    return INSTALL.format(where=where, version=__version__, otherwise=otherwise)

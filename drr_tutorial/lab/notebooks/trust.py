"""Trust in notebooks just written, as `jupyter trust` gives it: JupyterLab then shows their stored figures."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path


def trust(paths: Iterable[Path]) -> bool:
    """Sign the notebooks for this user's Jupyter; False where there is no Jupyter, or where it cannot keep that.

    Without it JupyterLab hides SVG that it has not made itself until all cells are run.
    """
    try:
        from nbformat import read
        from nbformat.sign import NotebookNotary
    except ImportError:
        return False
    try:
        notary = NotebookNotary()
        for path in paths:
            notary.sign(read(path, as_version=4))
        notary.store.close()
    except (OSError, sqlite3.Error):
        return False
    return True

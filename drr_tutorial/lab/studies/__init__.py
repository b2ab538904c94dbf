"""The measurements of the book, each a `Study`: a module here or in a folder of here that has a `STUDY` is found by its
name in `drr-tutorial results`.
"""

import importlib
import pkgutil

from drr_tutorial.errors import RowError
from drr_tutorial.lab.studies.runner import Row, Study, run_studies, run_study, unfinished

__all__ = ["Row", "RowError", "Study", "find_studies", "run_studies", "run_study", "unfinished"]


def find_studies() -> dict[str, Study]:
    """All studies by name, in the order of the names of their modules."""
    found = pkgutil.walk_packages(__path__, f"{__name__}.")
    modules = [importlib.import_module(module.name) for module in found]
    studies = [module.STUDY for module in modules if hasattr(module, "STUDY")]
    return {study.name: study for study in studies}

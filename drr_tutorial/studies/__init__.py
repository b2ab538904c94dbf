"""The measurements of the book, each a `Study`: a module here with a `STUDY` is found by its name in `drr-tutorial
results`.
"""

import importlib
import pkgutil

from drr_tutorial.studies.study import Row, RowError, Study, run_studies, run_study, unfinished

__all__ = ["Row", "RowError", "Study", "find_studies", "run_studies", "run_study", "unfinished"]


def find_studies() -> dict[str, Study]:
    """All studies by name, in the order of the names of their modules."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    studies = [module.STUDY for module in modules if hasattr(module, "STUDY")]
    return {study.name: study for study in studies}

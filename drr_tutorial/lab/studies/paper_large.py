"""The study `paper` on MovieLens 1M, in all four states: a study of its own, for the time that it takes.

Keys of the summary: "data", as those of `paper`, of ml-1m alone. The learning rates are those found on ml-100k.
"""

from collections.abc import Mapping

from drr_tutorial.lab.studies import paper
from drr_tutorial.lab.studies.runner import Figures, Row, Study

DATA = "ml-1m"


def rows() -> list[Row]:
    """A training a row, and the bars; those of DRR-ave and the bars are rows of `paper`, too."""
    return [*paper.rows_of_states(DATA, paper.STATES), *paper.rows_of_bars(DATA)]


def summarize(figures: Mapping[str, Figures]) -> Figures:
    """See the module."""
    return {"data": {DATA: paper._of(figures, DATA)}}


STUDY = Study(
    name="paper-ml-1m",
    title="The paper's own settings on MovieLens 1M, in all four states",
    rows=rows,
    summarize=summarize,
    data=(DATA,),
    seeds=paper.SEEDS,
    full_only=True,
    shares="paper",
)

"""The agent in all four states, by every protocol, on both data sets: the rest of the fair table.

It takes hours, so it is for the full set. Its rows are kept with those of the study `fair-table`, and the bars and
DRR-ave are the same rows. The summary is data -> protocol -> table, as there. A name is that of the state alone: the
preset is `default`, and `next` by `leave-last-out`.
"""

from functools import partial

from drr_tutorial.lab.studies.fair.bars import SEEDS
from drr_tutorial.lab.studies.fair.protocols import SPLITS
from drr_tutorial.lab.studies.fair.table import DEFAULT, DEFAULT_BY_USER, STATES, agent_rows, baseline_rows, tables
from drr_tutorial.lab.studies.runner import Row, Study

DATA = ("ml-1m", "ml-100k")
NEXT = {state: default._replace(preset="next", kind="ncf") for state, default in DEFAULT.items()}
ENTRANTS = (
    *((data, agents[state]) for data in DATA for agents in (DEFAULT, DEFAULT_BY_USER) for state in STATES),
    *(("ml-1m", NEXT[state]) for state in STATES),
)


def rows() -> list[Row]:
    """Five trainings for each data set, split and state, and the bars."""
    return [*agent_rows(ENTRANTS), *baseline_rows([(data, kind) for data in DATA for kind in SPLITS[data]])]


STUDY = Study(
    name="all-states",
    title="The agent in all four states, and the paper's protocols on ML-1M; takes hours",
    rows=rows,
    summarize=partial(tables, entrants=ENTRANTS),
    data=DATA,
    seeds=SEEDS,
    full_only=True,
    shares="fair-table",
)

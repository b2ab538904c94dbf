"""The README's figure: what the default preset learns on ml-100k, five seeds. Run: python tests/benchmarks/learning_curve.py

Writes book/results/learning-ml-100k.json and book/images/learning-ml-100k.svg. All figures are on the validation part of the training data.
"""

import dataclasses
from pathlib import Path

from drr_tutorial.agent import DRRRecommender
from drr_tutorial.config import PRESETS
from drr_tutorial.experiment import prepare, provenance
from drr_tutorial.plots import style, training
from drr_tutorial.storage import write_json

BOOK = Path(__file__).parents[2] / "book"
NAME = "learning-ml-100k"
SEEDS = range(5)


def main() -> None:
    config = PRESETS["default"]
    ratings, split = prepare(config)
    agents = [DRRRecommender(dataclasses.replace(config, seed=seed)).fit(split.train) for seed in SEEDS]
    # Each seed draws its own validation part, so what counts is the change since step 0, the agent's own warm start.
    changes = [
        [
            {"step": entry["step"], **{name: entry[name] - agent.history[0][name] for name in ("hit", "dcg")}}
            for entry in agent.history
        ]
        for agent in agents
    ]
    about = provenance(config, ratings, split) | {"seeds": list(SEEDS)}
    write_json(BOOK / "results" / f"{NAME}.json", about | {"histories": [agent.history for agent in agents]})
    figure = training.learning_curves(changes, {"warm start: iALS without RL": {"hit": 0.0, "dcg": 0.0}})
    for axes, label in zip(figure.axes, ("HR@10", "nDCG@10"), strict=True):
        axes.set_ylabel(f"{label} gained, validation")
    style.save(figure, BOOK / "images" / f"{NAME}.svg")


if __name__ == "__main__":
    main()

"""Draws the README's figure from the study `learning-ml-100k`. Run: python book/_ext/learning_figure.py"""

from pathlib import Path

from drr_tutorial.lab.figures import style, training
from drr_tutorial.lab.pages import read_result

gains = read_result("learning-ml-100k")["summary"]["gains"]
figure = training.learning_curves(gains, {"warm start: iALS without RL": {"hit": 0.0, "dcg": 0.0}})
for axes, label in zip(figure.axes, ("HR@10", "nDCG@10"), strict=True):
    axes.set_ylabel(f"{label} gained, validation")
style.save(figure, Path(__file__).parents[1] / "images" / "learning-ml-100k.svg")

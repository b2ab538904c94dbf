"""Draws the picture that a link to the book shows elsewhere, from the study `learning-ml-100k`.
Run: python book/_ext/social_card.py
"""

from pathlib import Path

from drr_tutorial.lab.figures import style, training
from drr_tutorial.lab.pages import read_result

INCHES, DOTS = (12.0, 6.3), 100  # 1200 x 630 pixels, the size that most sites show
TITLE = "Deep reinforcement recommendation"
BELOW = "A book that runs: an agent that recommends, built step by step, and measured"

gains = read_result("learning-ml-100k")["summary"]["gains"]
figure = training.learning_curves(gains, {"warm start: iALS without RL": {"hit": 0.0, "dcg": 0.0}})
for axes, label in zip(figure.axes, ("HR@10", "nDCG@10"), strict=True):
    axes.set_ylabel(f"{label} gained, validation")
figure.set_size_inches(*INCHES)
for legend in figure.legends:  # it would stand in the title
    handles, names = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    legend.remove()
    figure.axes[-1].legend(handles, names, frameon=False, fontsize=14, labelcolor=style.TEXT, loc="lower right")
figure.get_layout_engine().set(rect=(0.03, 0.04, 0.94, 0.71))
figure.text(0.05, 0.87, TITLE, fontsize=35, fontweight="bold", color="#1a1a1a")
figure.text(0.05, 0.79, BELOW, fontsize=19, color=style.COLOURS[0])
figure.savefig(
    Path(__file__).parents[1] / "static" / "card.png", dpi=DOTS, facecolor="white", metadata={"Software": None}
)

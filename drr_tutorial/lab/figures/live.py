"""A curve that grows in a notebook while something learns."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from drr_tutorial.lab.figures.style import COLOURS, TEXT, grey, new_figure


class LiveCurve:
    """Shows itself in the cell that makes it, and anew with each point that is added.

    Args:
        label: what is measured.
        levels: name -> height of dashed lines to compare with.
    """

    def __init__(self, label: str, levels: Mapping[str, float] | None = None) -> None:
        from IPython.display import display  # of the book's tools: without a notebook nobody has it

        self.label, self.levels = label, dict(levels or {})
        self.points: list[tuple[float, float]] = []
        self._handle = display(self.figure(), display_id=True)

    def add(self, step: float, value: float) -> None:
        """One point more."""
        self.points.append((step, value))
        if self._handle is not None:  # None where nothing can show a figure
            self._handle.update(self.figure())

    def figure(self) -> Figure:
        """All points so far."""
        figure = new_figure(3.0)
        axes = grey(figure.subplots())
        for name, height in self.levels.items():
            axes.axhline(height, color=TEXT, linestyle="--", linewidth=1.2, label=name)
        axes.plot(*zip(*self.points, strict=True) if self.points else ([], []), "o-", color=COLOURS[4], markersize=4)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("steps")
        axes.set_ylabel(self.label)
        if self.levels:
            axes.legend(frameon=False, labelcolor=TEXT, fontsize=9, loc="lower right")
        return figure

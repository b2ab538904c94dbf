"""Every figure fits on a phone: five inches wide, no text cut off or upon another one, whatever the rows are called."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from drr_tutorial.lab.figures import clinic, fair, planning, training, winning
from drr_tutorial.lab.figures.style import WIDTH, in_lines, new_figure
from drr_tutorial.lab.pages import read_result

ALLOWED = 2.0  # points of overlap: letters do not fill their boxes


def summary(name: str) -> Any:
    return read_result(name)["summary"]


def by_information() -> Figure:
    tables = summary("fair-table")["ml-100k"]
    names = ("original", "masked", "unseen", "full")
    return fair.by_information(
        {name: {method: row["nDCG@10"] for method, row in tables[name]["methods"].items()} for name in names}, "nDCG@10"
    )


def without() -> Figure:
    study = summary("ablation")
    return winning.differences({name: study["recipes"][name]["minus default"]["unseen"] for name in study["without"]})


def agents() -> Figure:
    study = summary("planning")
    return planning.agents({**study["without"], **study["paper"]}, study["bounds"]["all"])


def own_items() -> Figure:
    methods = summary("paper")["data"]["ml-100k"]["methods"]
    found = {"own items, nDCG@10": ("own items", "nDCG@10"), "simulated, reward@10": ("simulated", "reward@10")}
    return fair.panels(
        {title: {name: row[metric] for name, row in methods[part].items()} for title, (part, metric) in found.items()},
        "",
    )


FIGURES: dict[str, Callable[[], Figure]] = {
    "a case": lambda: clinic.case(summary("clinic"), 2),
    "a case of speed": lambda: clinic.case(summary("clinic"), 8),
    "the bill": lambda: clinic.bill(summary("clinic")),
    "reports": lambda: clinic.reported(summary("clinic")["reports"]),
    "protocols": by_information,
    "two metrics": own_items,
    "a step": lambda: winning.step_of(summary("ablation"), "gates"),
    "ingredients": without,
    "agents": agents,
    "learning": lambda: training.gains(summary("learning-ml-100k")["histories"]),
}


def boxes(figure: Figure) -> Iterator[tuple[str, Bbox]]:
    """Each text that is drawn and where, in points."""
    FigureCanvasAgg(figure).draw()
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and _is_drawn(text):
            yield text.get_text(), text.get_window_extent().transformed(figure.dpi_scale_trans.inverted())


def _is_drawn(text: Text) -> bool:
    """Labels of ticks beyond the axes, or of an inner axis that is shared, exist but are not drawn."""
    for axes in text.figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = [*axis.majorTicks, *axis.minorTicks]
            if any(text in (tick.label1, tick.label2) for tick in ticks):
                drawn = axis._update_ticks()  # type: ignore[attr-defined]
                return any(text in (tick.label1, tick.label2) for tick in drawn)
    return True


@pytest.mark.parametrize("name", FIGURES)
def test_every_text_has_room(name: str) -> None:
    figure = FIGURES[name]()
    assert figure.get_figwidth() == WIDTH
    whole, found = Bbox.from_bounds(0, 0, *figure.get_size_inches()).padded(ALLOWED / 72), list(boxes(figure))
    assert len(found) > 5
    assert not [text for text, box in found if not (whole.containsx(box.x0) and whole.containsx(box.x1))]
    assert not [text for text, box in found if not (whole.containsy(box.y0) and whole.containsy(box.y1))]
    smaller = [(text, box.padded(-ALLOWED / 72)) for text, box in found]
    assert not [(one, other) for (one, a), (other, b) in combinations(smaller, 2) if a.overlaps(b)]


def test_a_long_name_is_broken_between_words_only() -> None:
    assert in_lines("a short one") == "a short one"
    assert in_lines("one user's state for everybody", 12) == "one user's\nstate for\neverybody"
    assert in_lines("leave-last-out-of-everything", 5) == "leave-last-out-of-everything"


def test_height_is_asked_for_and_width_is_not() -> None:
    assert new_figure(2.0).get_size_inches().tolist() == [WIDTH, 2.0]

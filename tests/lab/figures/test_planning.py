"""Figures of the planning world show every seed, the bounds, and what was liked."""

from drr_tutorial.lab.figures import planning

BOUNDS = {"static": 3.0, "myopic": 14.0, "planner": 22.0}
RUNS = {"seeds": [19.0, 21.0], "mean": 20.0, "low": 18.0, "high": 22.0}


def test_the_sweep_shows_every_seed_and_the_bounds() -> None:
    figure = planning.sweep({"sweep": {"0.0": RUNS, "0.9": RUNS}, "bounds": {"all": BOUNDS}})
    lines = figure.axes[0].lines
    assert [line.get_ydata().tolist() for line in lines[:2]] == [[19.0, 21.0]] * 2
    assert {line.get_ydata()[0] for line in lines[3:]} == set(BOUNDS.values())
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["0.0", "0.9"]


def test_agents_are_rows_and_ours_has_a_colour_of_its_own() -> None:
    figure = planning.agents({"ours": RUNS, "another": RUNS}, BOUNDS)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [dot.get_xdata().tolist() for dot in dots] == [[19.0, 21.0]] * 2
    assert dots[0].get_color() != dots[1].get_color()


def test_two_sessions_fill_what_was_liked() -> None:
    one = {"topic": [3, 3, 5], "depth": [0.5, -0.5, 0.9], "liked": [True, False, True], "interest": [0.0, 0.4, 0.4]}
    figure = planning.two_sessions({"greedy": one, "planning": one | {"liked": [True] * 3}})
    greedy, planned = figure.axes[0], figure.axes[2]
    assert [len(points.get_offsets()) for points in greedy.collections] == [2, 1]
    assert [len(points.get_offsets()) for points in planned.collections] == [3, 0]
    assert planned.get_title() == "looks ahead: 3 likes, the user leaves after 3 steps"
    assert greedy.collections[0].get_offsets()[:, 1].tolist() == [0.0, 1.0]  # the most frequent topic first

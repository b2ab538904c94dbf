"""A sweep keeps each trial as it ends, goes on after whatever, and gives the figures of one process."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tyro

from drr_tutorial import cli
from drr_tutorial.cli.sweep import _command
from drr_tutorial.cluster.space import with_settings
from drr_tutorial.cluster.sweep import Sweep, figures_of, run_sweep
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.errors import ClusterError, RowError
from drr_tutorial.storage import StorageError, read_json
from tests.cluster.conftest import TwoNodes
from tests.cluster.killing import KillOne
from tests.toy import block_ratings

SIMPLE = PRESETS["simple"]
SMALL = replace(
    SIMPLE,
    embedding=replace(SIMPLE.embedding, regularization=1.0),
    training=replace(SIMPLE.training, passes=0.2, batch_size=32, steps_per_update=32, evaluations=1),
)
SPACE = {"embedding.n_factors": {"randint": [1, 9]}, "agent.tau": {"choice": [0.01, 0.05]}}


@pytest.fixture(scope="module")
def train() -> Ratings:
    return synthetic_ratings(seed=0, n_users=60, n_items=100)


def test_trials_are_those_of_one_process_and_a_larger_budget_adds(
    two_nodes: TwoNodes, train: Ratings, tmp_path: Path
) -> None:
    sweep = Sweep(SMALL, SPACE, 3, seeds=(0, 1))
    with KillOne(two_nodes, "ImplicitFunc") as killer:
        trials = run_sweep(sweep, train, tmp_path / "out", cluster=two_nodes.address, progress=False)
    assert killer.killed, "one trial was made again"
    for trial, settings in zip(sorted(trials, key=lambda one: one["number"]), sweep.drawn(), strict=True):
        assert trial["settings"] == settings
        alone = figures_of(with_settings(SMALL, settings), train, (0, 1))
        assert {name: trial[name] for name in ("score", "hit", "dcg")} == pytest.approx(
            {name: alone[name] for name in ("score", "hit", "dcg")}, rel=1e-12
        )
    scores = [trial["score"] for trial in trials]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
    best = ExperimentConfig.from_json((tmp_path / "out" / "best.json").read_text())
    assert best == with_settings(SMALL, trials[0]["settings"])

    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "trials").iterdir()}
    again = run_sweep(sweep, train, tmp_path / "out", cluster="127.0.0.1:1", progress=False)
    assert again == trials, "nothing is left, so nobody is asked"
    kept.pop(tmp_path / "out" / "trials" / "00001.json")
    (tmp_path / "out" / "trials" / "00001.json").unlink()
    more = run_sweep(replace(sweep, budget=4), train, tmp_path / "out", cluster=two_nodes.address, progress=False)
    assert len(more) == 4 and {path: path.stat().st_mtime_ns for path in kept} == kept
    without = [{name: value for name, value in trial.items() if name != "seconds"} for trial in more]
    for trial in trials:
        assert {name: value for name, value in trial.items() if name != "seconds"} in without


def test_trials_that_fail_are_named_and_the_others_are_kept(address: str, tmp_path: Path) -> None:
    """Users who like all that there is: nothing can be validated."""
    everything = block_ratings(n_users=4, n_items=6, n_blocks=1, share=1.0)
    with pytest.raises(RowError, match=r"1 of 1 trials failed \(.*nothing is left to validate on.*the same command"):
        run_sweep(Sweep(SMALL, SPACE, 1), everything, tmp_path / "out", cluster=address, progress=False)
    assert (tmp_path / "out" / "sweep.json").exists() and not (tmp_path / "out" / "best.json").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"budget": 0}, "trials must be at least 1, got 0"),
        ({"seeds": (1, 1)}, r"seeds must be different, got \(1, 1\)"),
        (
            {"config": replace(SMALL, training=replace(SMALL.training, validation_share=0.0))},
            "training.validation_share must be above 0 for a sweep",
        ),
    ],
)
def test_what_is_no_sweep(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        replace(Sweep(SMALL, SPACE, 3), **change)


def test_bad_input_and_a_cluster_that_is_not_there_leave_no_folder(train: Ratings, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    nowhere: Any = {"cluster": "127.0.0.1:1", "progress": False}
    with pytest.raises(ValueError, match=r"trial 0 of the space cannot be trained: .*tau"):
        run_sweep(Sweep(SMALL, {"agent.tau": {"choice": [7]}}, 1), train, tmp_path / "out", **nowhere)
    with pytest.raises(ValueError, match="must be local or HOST:PORT, got 'ray://h:1'; such as"):
        run_sweep(Sweep(SMALL, SPACE, 1), train, tmp_path / "out", cluster="ray://h:1")
    with pytest.raises(ClusterError, match=r"no cluster answers at 127\.0\.0\.1:1 "):
        run_sweep(Sweep(SMALL, SPACE, 1), train, tmp_path / "out", **nowhere)
    assert not (tmp_path / "out").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(StorageError, match="holds something else than a sweep"):
        run_sweep(Sweep(SMALL, SPACE, 1), train, tmp_path / "mine", **nowhere)
    (tmp_path / "old").mkdir()
    about = Sweep(SMALL, SPACE, 1).about(train)
    for name in about:
        (tmp_path / "old" / "sweep.json").write_text(json.dumps(about | {name: "another"}))
        with pytest.raises(StorageError, match=f"holds a sweep with other {name}; give the same again"):
            run_sweep(Sweep(SMALL, SPACE, 1), train, tmp_path / "old", **nowhere)


def test_the_command(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "space.json").write_text(json.dumps({"agent.actor_lr": {"choice": [0.003]}}))
    small = (
        "--dataset synthetic --preset simple --embedding.n-factors 4 --training.passes 0.02 --training.evaluations 1"
    )
    out = tmp_path / "out"
    arguments = ["sweep", str(tmp_path / "space.json"), "--out", str(out), "--trials", "1", "--quiet", *small.split()]
    assert cli.main([*arguments, "--cluster", address]) == 0
    shown = capsys.readouterr().out
    assert "trial" in shown and "nDCG" in shown and "0.003" in shown
    best = "--preset simple --dataset synthetic --embedding.n-factors 4 --agent.actor-lr 0.003"
    assert f"the best trains with: drr-tutorial train {best} --training.passes 0.02 --training.evaluations 1" in shown
    assert f"all its settings: {out / 'best.json'}" in shown
    assert read_json(out / "best.json")["dataset"] == "synthetic"
    assert cli.main([*arguments, "--cluster", "nowhere"]) == 1
    assert "cluster must be local or HOST:PORT, got 'nowhere'" in capsys.readouterr().err


@pytest.mark.parametrize("preset", PRESETS)
def test_the_command_that_is_printed_gives_the_settings(preset: str) -> None:
    """All kinds of settings: numbers, words, yes and no, several, none."""
    drawn = {
        "agent.actor_lr": 1e-05,
        "agent.dislikes_last": False,
        "training.replay": "uniform",
        "agent.critic_hidden": [8, 4],
    }
    config = with_settings(replace(PRESETS[preset], liked_above=None, seed=3), drawn)
    command = shlex.split(_command(config, preset))
    assert command[:4] == ["drr-tutorial", "train", "--preset", preset]
    assert tyro.cli(ExperimentConfig, default=PRESETS[preset], args=command[4:]) == config

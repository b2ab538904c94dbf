"""Training in a world and playing there, as a user types it."""

import json
from pathlib import Path

import pytest

from drr_tutorial.cli.worlds import read_kwargs
from drr_tutorial.lab import cli
from drr_tutorial.training.runs import read_run
from drr_tutorial.worlds.planners import bounds_of
from drr_tutorial.worlds.tiny import TinyPlanningWorld

SMALL = "--env drr_tutorial/TinyPlanning-v0 --steps 1500 --environment.num-envs 16 --training.random-share 0.1 --quiet"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    arguments = [*SMALL.split(), "--agent.gamma", "0.9", "--seed", "4", "--env-kwargs", "max_steps=30", "memory_size=8"]
    assert cli.main(["train", "--out", str(folder), *arguments]) == 0
    return folder


def test_the_folder_says_what_was_trained(run: Path) -> None:
    config, world = read_run(run)
    assert world is not None and world.steps == 1500
    assert world.env_kwargs == {"max_steps": 30, "memory_size": 8}
    assert (config.agent.gamma, config.agent.state, config.seed) == (0.9, "traces", 4)
    assert {"config.json", "agent", "checkpoint.pt", "tensorboard"} <= {path.name for path in run.iterdir()}


def test_play_says_what_the_agent_earns_beside_the_bounds(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["play", str(run), "--episodes", "30", "--seed", "7", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert {"return", "length", "like_rate", "bounds"} <= first.keys()
    assert 0 < first["length"] <= 30 and first["bounds"] == {}  # the exact values know no sessions of 30 steps
    assert cli.main(["play", str(run), "--episodes", "30", "--seed", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert cli.main(["play", str(run), "--episodes", "3"]) == 0
    assert "like_rate" in capsys.readouterr().out


def test_ctrl_c_between_training_and_figures_says_that_the_agent_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    folder, arguments = tmp_path / "run", [*SMALL.split(), "--env-kwargs", "max_steps=30", "memory_size=8"]
    with monkeypatch.context() as patch:
        patch.setattr("drr_tutorial.cli.worlds.play_episodes", stopped)
        assert cli.main(["train", "--out", str(folder), *arguments]) == 130
    told = capsys.readouterr().err
    assert f"the trained agent is kept in {folder}" in told and f"drr-tutorial play {folder}" in told
    assert cli.main(["play", str(folder), "--episodes", "3"]) == 0


def test_resume_goes_on_in_the_same_world(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--resume", str(run), "--quiet"]) == 0
    assert "drr-tutorial play" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "{run}"], "holds an agent of drr_tutorial/TinyPlanning-v0, not one of a log"),
        (["recommend", "{run}", "--user", "1"], "not one of a log"),
        (["train", "--resume", "{run}", "--env", "drr_tutorial/Planning-v0"], "takes all settings from"),
        (["train", "--env", "nowhere/Planning-v0"], "nowhere"),
        (["train", "--env", "CartPole-v1"], "observation_space of env must be a Dict with `shown` and `responses`"),
        (
            ["train", "--env", "drr_tutorial/Planning-v0", "--env-kwargs", "boredom"],
            "must be name=value, got 'boredom'",
        ),
        (["train", "--env", "drr_tutorial/Planning-v0", "--env-kwargs", "colour=1"], "colour"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--agent.gamma", "1"], "gamma must be from 0 to below 1"),
        (["train", "--steps", "7"], "env must be a world"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--dataset", "ml-1m"], "dataset must be left out beside --env"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--training.passes", "3"], "training.passes must be left out"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--agent.memory-size", "9"], "--env-kwargs memory_size=N says"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--baselines", "ease"], "baselines must be left out"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--steps", "100"], "total_timesteps must be at least"),
        (["train", "--resume", "{run}", "--steps", "7"], "takes all settings from"),
        (["play", "{run}", "--seed", "-1"], "seed must be 0 or more, got -1"),
        (["play", "{run}", "--episodes", "0"], "episodes must be a whole number of at least 1, got 0"),
        (["train", "--env", "drr_tutorial/Planning-v0", "--env-kwargs", "num_envs=5"], "--environment.num-envs says"),
        (["play", "nothing-here"], "no file nothing-here/config.json"),
    ],
)
def test_errors_are_one_clear_line(
    arguments: list[str], message: str, run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parent)
    before = sorted(run.parent.iterdir())
    assert cli.main([argument.format(run=run) for argument in arguments]) == 1
    told = capsys.readouterr().err
    assert any(part in " ".join(told.split()) for part in message.split("|")), told
    assert "Traceback" not in told
    assert [path for path in run.parent.iterdir() if path not in before and path.name != "runs"] == []
    assert not any((run.parent / "runs").glob("*"))


def test_bounds_stand_beside_what_was_earned_where_they_are_known() -> None:
    assert bounds_of(TinyPlanningWorld())["optimal"] == pytest.approx(36.23, abs=0.01)
    assert bounds_of(TinyPlanningWorld(max_steps=30)) == bounds_of(None) == {}


def test_arguments_are_json_or_texts() -> None:
    assert read_kwargs(["a=1", "b=true", "c=word", 'd="1"', "e=0.5"]) == {
        "a": 1,
        "b": True,
        "c": "word",
        "d": "1",
        "e": 0.5,
    }

"""The command line as a user types it: train, resume, evaluate, recommend, doctor, and what it says when something is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import drr_tutorial
import drr_tutorial.cli
from drr_tutorial.config import AgentConfig, ExperimentConfig
from drr_tutorial.data import download
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.experiment import run_experiment
from drr_tutorial.lab import cli
from drr_tutorial.provenance import processor
from drr_tutorial.recommenders.base import Recommender
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training.runs import read_config

SMALL = (
    "--dataset synthetic --split random --quiet --embedding.n-factors 8 --embedding.n-iterations 3 "
    "--environment.num-envs 8 --environment.min-positives 3 --training.passes 0.5 --training.batch-size 64 --seed 3"
).split()

LEFT_OUT = r"baseline 'EASE.*' will be left out: EASE of \d+ items needs .* GB .*--baselines chooses others"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert cli.main(["train", "--out", str(folder), *SMALL]) == 0
    return folder


def test_train_leaves_what_it_promises(run: Path) -> None:
    assert {path.name for path in run.iterdir()} == {
        "config.json", "metrics.json", "agent", "best.safetensors", "final.safetensors", "checkpoint.pt", "tensorboard",
    }  # fmt: skip
    config = read_config(run)
    assert (config.dataset, config.seed, config.embedding.n_factors) == ("synthetic", 3, 8)


def test_metrics_hold_figures_intervals_and_provenance(run: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert {
        "command",
        "config",
        "data",
        "versions",
        "machine",
        "fit_seconds",
        "validation",
        "reports",
    } <= metrics.keys()
    assert set(metrics["reports"]) == {"unseen", "original", "masked", "full"}
    assert metrics["machine"]["processor"] and metrics["machine"]["kernels"]["torch"]["instructions"]
    methods = metrics["reports"]["unseen"]["methods"]
    assert [row["method"] for row in methods] == [
        "DRR",
        "DRR before training",
        *(f"{name}, dislikes last" for name in ("random", "popularity", "EASE", "iALS")),
    ]
    difference = metrics["reports"]["unseen"]["differences"]["HR@10"]["popularity, dislikes last"]
    assert difference["low"] <= difference["mean"] <= difference["high"]
    hit = {row["method"]: row["metrics"]["HR@10"]["mean"] for row in methods}
    assert difference["mean"] == pytest.approx(hit["DRR"] - hit["popularity, dislikes last"])


def test_the_table_shows_the_interval_of_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--out", str(tmp_path / "run"), *SMALL]) == 0
    shown = capsys.readouterr().out
    assert "HR@10 minus popularity" in shown
    assert all(name in shown for name in ("DRR", "random", "EASE", "iALS", "nDCG@10", "95 %"))


def test_recommend_for_a_user_and_for_a_stranger(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agent = Recommender.load(run / "agent")
    user = agent.ratings.user_ids[0]
    assert cli.main(["recommend", str(run), "--user", str(user), "--k", "3"]) == 0
    shown = capsys.readouterr().out
    for title in agent.recommend(user, 3)["title"]:
        assert title in shown
    liked = [str(item) for item in agent.ratings.item_ids[:2]]
    assert cli.main(["recommend", str(run), "--liked", *liked, "--k", "2"]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == 4  # two lines of heading, two films


def test_evaluate_prints_what_training_measured(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", str(run), "--protocol", "full"]) == 0
    metrics = json.loads((run / "metrics.json").read_text())
    figure = metrics["reports"]["full"]["methods"][0]["metrics"]["HR@10"]["mean"]
    assert f"{figure:.3f}" in capsys.readouterr().out


def test_resume_of_a_finished_training(run: Path) -> None:
    before = (run / "agent" / "weights.safetensors").read_bytes()
    assert cli.main(["train", "--resume", str(run), "--quiet"]) == 0
    assert (run / "agent" / "weights.safetensors").read_bytes() == before


def test_doctor_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("drr_tutorial", "torch", "Python", "data home", "ml-100k", "ml-1m", "CUDA"))
    assert f"processor: {processor()} (" in shown and "torch: " in shown and " instructions, " in shown


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["train", "--dataset", "ml-20m", "--out", "{tmp}/a"], "'ml-20m' is neither a data set"),
        (
            ["train", "--agent.gamma", "2", "--out", "{tmp}/a"],
            "AgentConfig.gamma must be from 0 to 1, got 2",
        ),
        (["train", "--resume", "{tmp}/nowhere"], "no file {tmp}/nowhere/config.json"),
        (["train", "--out", "{run}"], "holds a training already; go on with it by --resume"),
        (["recommend", "{run}", "--user", "nobody"], "unknown user 'nobody'"),
        (["recommend", "{run}", "--user", "1", "--k", "0"], "k must be at least 1, got 0"),
        (["recommend", "{run}"], "give either --user ID or --liked ID"),
        (["recommend", "{tmp}", "--user", "1"], "no file {tmp}/config.json"),
        (["evaluate", "{run}", "--k", "0"], "0"),
        (["recommend", "{run}", "--user", "None"], "unknown user 'None'"),
        (["recommend", "{run}", "--liked=--x1", "-h2"], "unknown item '--x1', '-h2'"),
        (["train", "--resume", "{run}", "--out", "{tmp}/a"], "--resume takes all settings from {run}"),
        (["train", "--resume", "{run}", "--agent.gamma", "0.7"], "--resume takes all settings from {run}"),
        (["train", "--preset", "simple", "--resume", "{run}"], "--resume takes all settings from {run}"),
    ],
)
def test_errors_are_one_clear_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    places = {"tmp": tmp_path, "run": run}
    try:
        code = cli.main([argument.format(**places) for argument in arguments])
    except SystemExit as error:  # the option parser's own way out
        code = int(error.code or 0)
    shown = capsys.readouterr().err
    assert code != 0
    assert text.format(**places).replace("/", os.sep) in " ".join(shown.split())
    assert "Traceback" not in shown


def test_help_is_made_from_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "Discount of future rewards, 0 to 1. The original: 0.8." in shown
    assert "--training.batch-size INT" in shown


def test_a_preset_gives_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["train", "--preset", "original", "--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "(default: ranger)" in shown
    assert "(default: ml-1m)" in shown


def test_without_network_or_files_download_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> Path:
        raise download.DataError("no network")

    monkeypatch.setenv("DRR_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("drr_tutorial.cli.commands.find_movielens", refuse)
    assert cli.main(["download", "ml-1m"]) == 1
    assert "no network" in capsys.readouterr().err


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, drr_tutorial; print([m for m in ('torch', 'pandas', 'gymnasium', 'scipy', 'tyro') if m in sys.modules])"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ.copy()
    )
    assert shown.stdout.strip() == "[]"


def test_every_public_name_can_be_imported() -> None:
    import drr_tutorial

    assert all(getattr(drr_tutorial, name) is not None for name in drr_tutorial.__all__)
    with pytest.raises(AttributeError, match="attribute nothing"):
        drr_tutorial.nothing  # noqa: B018


def test_results_are_listed_with_what_is_left_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["results", "learning-ml-100k", "--list"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("learning-ml-100k: What DDPG adds")
    assert re.search(r"result file (up to date|missing|older than .+); rows to compute: \d+\n", shown)


@pytest.mark.parametrize(
    ("arguments", "is_run"),
    [([], False), (["--full"], True), (["paper"], True)],
    ids=["all", "full", "by name"],
)
def test_what_takes_hours_runs_when_it_is_asked_for(
    arguments: list[str], is_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(cli, "run_studies", lambda studies, **_: chosen.extend(study.name for study in studies) or [])
    assert cli.main(["results", *arguments]) == 0
    assert ("paper" in chosen) == is_run and ("ablation" in chosen) == (arguments != ["paper"])


def test_no_such_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["results", "alchemy"]) == 1
    assert "study must be one of " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--agent.state", "nope"],
            r"AgentConfig\.state must be one of drr-p, .*drr-att, traces, got 'nope'; .*states\.STATES first",
        ),
        (
            ["--environment.reward", "nope"],
            r"EnvironmentConfig\.reward must be one of binary, .*rewards\.REWARDS first",
        ),
        (["--device", "nope"], r"ExperimentConfig\.device must be one that this machine has, got 'nope'"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_data_is_loaded(
    arguments: list[str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("drr_tutorial.experiment.read_ratings", lambda *_, **__: pytest.fail("data was loaded"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *SMALL, *arguments]) == 1
    assert re.search(text, capsys.readouterr().err)
    assert not list(tmp_path.iterdir())


def test_an_experiment_refuses_as_early_as_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drr_tutorial.experiment.read_ratings", lambda *_, **__: pytest.fail("data was loaded"))
    for config, text in (
        (ExperimentConfig(agent=AgentConfig(state="nope")), "AgentConfig.state"),
        (ExperimentConfig(device="nope"), "ExperimentConfig.device"),
    ):
        with pytest.raises(ValueError, match=text):
            run_experiment(config, tmp_path / "run", progress=False)
    assert not list(tmp_path.iterdir())


def test_baselines_that_do_not_fit_into_memory_are_left_out_before_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("drr_tutorial.recommenders.room.free_bytes", lambda: 1_000_000)
    monkeypatch.setattr(DRRRecommender, "fit", lambda *_, **__: pytest.fail("the training"))
    with pytest.raises(pytest.fail.Exception, match="the training"), pytest.warns(UserWarning, match=LEFT_OUT):
        run_experiment(ExperimentConfig(dataset="synthetic", split="random"), tmp_path / "run", progress=False)
    monkeypatch.undo()
    monkeypatch.setattr("drr_tutorial.recommenders.room.free_bytes", lambda: 1_000_000)
    assert cli.main(["train", "--out", str(tmp_path / "again"), *SMALL, "--baselines", "ease", "popularity"]) == 0
    assert re.search(LEFT_OUT, capsys.readouterr().err)
    metrics = json.loads((tmp_path / "again" / "metrics.json").read_text())
    assert [row["method"] for row in metrics["reports"]["full"]["methods"]][2:] == ["popularity, dislikes last"]
    assert list(metrics["failed baselines"]) == ["EASE, dislikes last"]


def test_a_training_on_a_file_is_found_from_other_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synthetic: Ratings
) -> None:
    columns = {"user": synthetic.users, "item": synthetic.items, "rating": synthetic.ratings}
    (tmp_path / "there").mkdir()
    pd.DataFrame(columns).to_csv(tmp_path / "mine.csv", index=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", *SMALL, "--dataset", "mine.csv", "--out", "run"]) == 0
    monkeypatch.chdir(tmp_path / "there")
    assert cli.main(["evaluate", "../run", "--baselines"]) == 0
    assert cli.main(["train", "--resume", "../run", "--quiet", "--baselines"]) == 0


def test_the_package_is_a_command_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert subprocess.run([sys.executable, "-m", "drr_tutorial.cli", "--version"], check=False).returncode == 0
    assert capfd.readouterr().out == f"drr_tutorial {drr_tutorial.__version__}\n"
    assert callable(drr_tutorial.cli.main)

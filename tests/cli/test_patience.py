"""Early stopping by the command line: what it stops, what a folder keeps of it, and where it says nothing."""

import json
from pathlib import Path

import pytest

from drr_tutorial import cli
from drr_tutorial.training.runs import read_config, read_patience
from tests.cli.test_commands import SMALL

GETS_NO_BETTER = ["--training.passes", "2", "--training.evaluations", "8", "--baselines"]


def test_a_training_that_gets_no_better_ends_early_and_keeps_its_patience(tmp_path: Path) -> None:
    patient, whole = tmp_path / "patient", tmp_path / "whole"
    for folder, more in ((patient, ["--patience", "2"]), (whole, [])):
        assert cli.main(["train", "--out", str(folder), *SMALL, *GETS_NO_BETTER, *more]) == 0
    histories = [json.loads((folder / "metrics.json").read_text())["validation"] for folder in (patient, whole)]
    assert 3 <= len(histories[0]) < len(histories[1])
    assert histories[0] == histories[1][: len(histories[0])]
    assert (read_patience(patient), read_patience(whole)) == (2, None)
    assert read_config(patient) == read_config(whole)
    before = (patient / "metrics.json").read_bytes()
    assert cli.main(["train", "--resume", str(patient), "--quiet", "--baselines"]) == 0
    again = json.loads((patient / "metrics.json").read_text())
    assert again["validation"] == json.loads(before)["validation"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--patience", "0"], "patience must be at least 1, got 0"),
        (["--patience", "2", "--training.validation-share", "0"], "there are none with training.validation_share=0"),
        (["--patience", "2", "--env", "drr_tutorial/Planning-v0"], "there are none with --env"),
        (["--patience", "2", "--resume", "anywhere"], "--resume takes all settings from anywhere"),
    ],
)
def test_where_patience_says_nothing(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", *arguments]) == 1
    assert text in capsys.readouterr().err

"""Where a newcomer looks: the targets of make, the workflows, the templates and the hooks, as files that hold together."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import drr_tutorial

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
PROGRAMS = Path(sys.executable).parent


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


WORKFLOWS = {path.stem: read(path) for path in (GITHUB / "workflows").glob("*.yml")}
FORMS = {path.stem: read(path) for path in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"}


@pytest.mark.skipif(sys.platform == "win32", reason="make is not at hand")
def test_help_has_a_line_for_every_target() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.split()[0] for line in done.stdout.splitlines()} == TARGETS
    assert all(len(line.split(maxsplit=1)) == 2 for line in done.stdout.splitlines())


def test_workflows_make_what_there_is() -> None:
    steps = [step for flow in WORKFLOWS.values() for job in flow["jobs"].values() for step in job["steps"]]
    made = [step["run"].split()[1] for step in steps if step.get("run", "").startswith("make ")]
    assert len(made) >= 4
    assert set(made) <= TARGETS


def test_every_job_ends_and_needs_jobs_that_are_there() -> None:
    for flow in WORKFLOWS.values():
        for name, job in flow["jobs"].items():
            assert "timeout-minutes" in job or name == "publish"
            assert {job["needs"]} <= set(flow["jobs"]) if "needs" in job else True


def test_a_release_is_built_then_tried_then_published_by_one_job_that_may() -> None:
    jobs = WORKFLOWS["release"]["jobs"]
    assert (jobs["publish"]["needs"], jobs["check"]["needs"]) == ("check", "build")
    assert [name for name, job in jobs.items() if job.get("permissions", {}).get("id-token") == "write"] == ["publish"]
    assert WORKFLOWS["release"]["permissions"] == {"contents": "read"}


@pytest.mark.parametrize(("tag", "passes"), [(f"v{drr_tutorial.__version__}", True), ("v99.0", False)])
def test_a_tag_that_is_not_the_version_stops_the_release(tag: str, passes: bool, tmp_path: Path) -> None:
    (check,) = [step for step in WORKFLOWS["release"]["jobs"]["build"]["steps"] if "tag" in step.get("name", "")]
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / f"drr_tutorial-{drr_tutorial.__version__}-py3-none-any.whl").touch()
    done = subprocess.run(
        ["bash", "-c", check["run"]], cwd=tmp_path, env=os.environ | {"GITHUB_REF_NAME": tag}, check=False
    )
    assert (done.returncode == 0) == passes


def test_the_version_is_the_same_wherever_it_stands() -> None:
    assert read(ROOT / "CITATION.cff")["version"] == drr_tutorial.__version__
    assert f"\n## {drr_tutorial.__version__} (" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_an_issue_form_is_one_that_github_shows(form: str) -> None:
    """https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms"""
    assert {"name", "description", "body"} <= set(FORMS[form])
    fields = [part for part in FORMS[form]["body"] if part["type"] != "markdown"]
    assert fields
    assert all(part["type"] in ("textarea", "input", "dropdown", "checkboxes") for part in fields)
    assert all(part["attributes"]["label"] for part in fields)
    assert len({part["id"] for part in fields}) == len(fields)


def test_dependabot_looks_after_actions_and_libraries() -> None:
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}


def test_hooks_are_what_lint_runs() -> None:
    subprocess.run([str(PROGRAMS / "pre-commit"), "validate-config", ".pre-commit-config.yaml"], cwd=ROOT, check=True)
    entries = [hook["entry"] for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    lint = MAKEFILE.split("\nlint:")[1].split("\n\n")[0]
    programs = [entry.split()[0].removeprefix(".venv/bin/") for entry in entries if entry.startswith(".venv/bin/")]
    assert len(programs) == 3
    assert all(f"$(BIN)/{program} " in lint for program in programs)
    assert "make lint" in entries


def test_launch_buttons_lead_to_the_branch_with_readers_notebooks(tmp_path: Path) -> None:
    jobs = WORKFLOWS["book"]["jobs"]
    (branch,) = [step["env"]["BOOK_BRANCH"] for step in jobs["build"]["steps"] if "env" in step]
    steps = {step.get("name"): step.get("run", "") for step in jobs["readers"]["steps"]}
    assert steps["push the branch"].endswith(f"HEAD:{branch}\n")
    shutil.copytree(ROOT / "book", tmp_path / "book", ignore=shutil.ignore_patterns("results", "__pycache__"))
    environment = os.environ | {"JUPYTER_DATA_DIR": str(tmp_path / "jupyter"), "PYTHONPATH": str(ROOT)}
    command = f"{sys.executable} -m drr_tutorial.lab.cli"
    script = steps["replace the notebooks"].replace(".venv/bin/drr-tutorial", command)
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert "{doc}`" not in (tmp_path / "book" / "05_training.ipynb").read_text(encoding="utf-8")
    assert (tmp_path / "book" / "solutions" / "05_training.ipynb").is_file()
    assert not (tmp_path / "made").exists()

"""Ways to the package beside pip: conda, a container image, the dev container, Binder, as files that agree with pyproject.toml.

None of them can be built without its own tools and a network: the workflow `reach.yml` does that.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import drr_tutorial

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}  # where conda-forge has another than PyPI
INSTALLED = re.compile(r"-e '?\.\[([\w,]+)\]|'\.\[([\w,]+)\]'")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def lowest(requirements: list[str]) -> dict[str, str]:
    """Name at conda-forge -> bounds."""
    found = [Requirement(requirement) for requirement in requirements]
    names = [CONDA_NAMES.get(each.name, each.name.replace("_", "-")) for each in found]
    return {name: str(each.specifier) for name, each in zip(names, found, strict=True) if not each.marker}


@pytest.fixture(scope="module")
def recipe() -> dict[str, Any]:
    return yaml.safe_load(read(".github/conda/recipe.yaml"))


def test_the_recipe_needs_what_the_package_needs(recipe: dict[str, Any]) -> None:
    python, *run = recipe["requirements"]["run"]
    assert lowest([line.replace(" ", "") for line in run]) == lowest(PROJECT["dependencies"])
    assert python == "python >=${{ python_min }}"
    assert f">={recipe['context']['python_min']}" == PROJECT["requires-python"]
    build = tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    assert build == [recipe["requirements"]["host"][-1].replace(" ", "")]


def test_the_recipe_is_of_this_version_and_has_its_programs(recipe: dict[str, Any]) -> None:
    assert (recipe["context"]["version"], recipe["package"]["name"]) == (drr_tutorial.__version__, PROJECT["name"])
    programs = [f"{name} = {function}" for name, function in PROJECT["scripts"].items()]
    assert recipe["build"]["python"]["entry_points"] == programs
    assert (recipe["about"]["license"], recipe["about"]["summary"]) == (PROJECT["license"], PROJECT["description"])
    assert (ROOT / ".github" / "conda" / recipe["source"]["path"]).resolve() == ROOT


def test_the_recipe_tries_what_the_release_tries(recipe: dict[str, Any]) -> None:
    steps = yaml.safe_load(read(".github/workflows/release.yml"))["jobs"]["check"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("drr-tutorial")]
    assert recipe["tests"][1]["script"] == commands


def test_the_conda_environment_has_no_other_bounds_than_the_package() -> None:
    """What conda brings pip finds at hand, so it must be no older than pip would take; the rest pip brings."""
    *conda, pip = yaml.safe_load(read("environment.yml"))["dependencies"]
    bounded = [line.replace("pytorch-cpu", "pytorch") for line in conda if ">=" in line]
    known = lowest([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["book"]])
    assert len(bounded) >= 6
    assert lowest(bounded).items() <= known.items()
    assert f">={conda[0].removeprefix('python=')}" == PROJECT["requires-python"]
    assert set(INSTALLED.findall(pip["pip"][0])[0][0].split(",")) <= set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize(
    "path", [".binder/requirements.txt", ".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"]
)
def test_images_have_the_locked_versions_of_extras_that_there_are(path: str) -> None:
    (named,) = INSTALLED.findall(read(path).replace("-e .[", "-e '.[").replace("]\n", "]'\n"))
    assert set("".join(named).split(",")) == {"baselines", "book"} <= set(PROJECT["optional-dependencies"])
    assert re.search(r"-c (\.\./)?requirements\.lock", read(path))
    locked = re.search(r"--python-version (\S+)", read("Makefile"))[1]  # type: ignore[index]
    assert f"FROM python:{locked}-" in read(".devcontainer/Dockerfile")
    assert read(".binder/runtime.txt") == f"python-{locked}\n"


def test_the_dev_container_is_a_stage_of_the_image() -> None:
    container = json.loads(read(".devcontainer/devcontainer.json"))
    image = read(".devcontainer/Dockerfile")
    assert (ROOT / ".devcontainer" / container["build"]["dockerfile"]).is_file()
    assert (ROOT / ".devcontainer" / container["build"]["context"]).resolve() == ROOT
    assert f" AS {container['build']['target']}\n" in image
    assert f"--shell /bin/bash {container['remoteUser']}\n" in image
    assert "drr-tutorial notebooks notebooks" in container["postCreateCommand"]
    assert "\n/notebooks/\n" in read(".gitignore")


def test_the_image_copies_what_the_build_needs() -> None:
    copied = [
        name
        for line in re.findall(r"^COPY \S+ (.+) \S+$", read(".devcontainer/Dockerfile"), re.MULTILINE)
        for name in line.split()
    ]
    assert all((ROOT / name).exists() for name in copied)
    needed = {
        PROJECT["readme"],
        *PROJECT["license-files"],
        "pyproject.toml",
        "drr_tutorial",
        "book",
        "requirements.lock",
    }
    assert set(copied) == needed


@pytest.mark.skipif(sys.platform == "win32", reason="a script of bash")
def test_binder_writes_the_notebooks_and_can_do_it_again(tmp_path: Path) -> None:
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK)
    program = tmp_path / "bin" / "drr-tutorial"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m drr_tutorial.lab.cli "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    variables = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        subprocess.run([script], cwd=tmp_path, env=variables, capture_output=True, check=True)
    assert (tmp_path / "notebooks" / "05_training.ipynb").is_file()


def test_the_workflow_builds_each_of_them_on_every_python_that_is_named() -> None:
    jobs = yaml.safe_load(read(".github/workflows/reach.yml"))["jobs"]
    assert set(jobs) == {"python", "environment", "recipe", "image", "binder"}
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert jobs["python"]["strategy"]["matrix"]["python"] == named

"""The result files of the book belong to the code beside them, and each tells where its figures come from."""

from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.pages import WAITING, read_result, results_folder
from drr_tutorial.lab.studies import find_studies
from drr_tutorial.lab.studies.runner import code_of
from drr_tutorial.storage import read_json

INVENTED = ("replay-speed", "scale", "planning", "sardine", "episodes")  # on random numbers, or in worlds


@pytest.mark.parametrize("name", find_studies())
def test_the_committed_result_is_as_new_as_its_code(name: str) -> None:
    if name in read_json(results_folder() / WAITING) and not (results_folder() / f"{name}.json").is_file():
        pytest.skip("it waits to be made for the first time, and the page at_a_glance says so")
    result = read_result(name)  # raises where it is missing or old, and names the command
    study = find_studies()[name]
    assert name in read_json(results_folder() / WAITING) or result["code"] == code_of(study)
    assert result["rows"] and result["summary"]
    assert all(row["git revision"] and row["seconds"] >= 0 for row in result["rows"].values())


@pytest.mark.parametrize(
    "path", sorted(set(results_folder().glob("*.json")) - {results_folder() / WAITING}), ids=lambda path: path.stem
)
def test_every_file_tells_where_its_figures_come_from(path: Path) -> None:
    stored = read_json(path)
    made: list[dict[str, Any]] = list(stored["figures"].values()) if path.stem in ("speed", "scale") else [stored]
    assert made
    for result in made:
        assert result["command"].split()[0] in ("python", "drr-tutorial")
        assert len(result["git revision"].split(",")[0]) == 40
        assert {"python", "torch", "drr_tutorial"} <= result["versions"].keys()
        assert result["machine"]["cores"] >= 1
        if "architecture" in result["machine"]:  # older files know no kernels
            assert result["machine"]["processor"]
            assert all(used["instructions"] and used["threads"] for used in result["machine"]["kernels"].values())
        assert result["seconds"] >= 0 and result["peak memory MB"] > 10
        assert result["seeds"]
        assert all(len(fingerprint) >= 16 for fingerprint in result["data"].values())
        assert result["data"] or path.stem in INVENTED


@pytest.mark.parametrize("name", ["ml-100k", "ml-1m"])
def test_results_are_of_the_data_that_are_read_today(name: str, request: pytest.FixtureRequest) -> None:
    data: Ratings = request.getfixturevalue(name.replace("-", "_"))
    files = [read_json(path) for path in results_folder().glob("*.json")]
    used = [stored["data"][name] for stored in files if name in stored.get("data", {})]
    assert used and set(used) == {data.fingerprint()}

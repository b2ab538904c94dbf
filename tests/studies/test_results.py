"""The result files of the book belong to the code beside them."""

import pytest

from drr_tutorial.notebook import read_result
from drr_tutorial.studies import find_studies


@pytest.mark.parametrize("name", find_studies())
def test_the_committed_result_is_as_new_as_its_code(name: str) -> None:
    result = read_result(name)  # raises where it is missing or old, and names the command
    study = find_studies()[name]
    assert tuple(result["code"]["modules"]) == study.code
    assert result["rows"] and result["summary"]
    assert "uncommitted" not in result["git revision"]
    for row in result["rows"].values():
        assert "uncommitted" not in row["git revision"] and row["seconds"] >= 0

"""What is left of the memory is the least that system, container and limit leave."""

import sys
from pathlib import Path

import pytest

from drr_tutorial.errors import DataError
from drr_tutorial.recommenders import room


def test_an_error_says_how_much_is_missing_and_what_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda: 2_000_000_000)
    room.require_square(10_000, 20, "EASE")
    text = (
        r"EASE of 12,000 items needs 2\.9 GB of memory.*there are 2\.0 GB; .* max_items=10000 at most, or take item-kNN"
    )
    with pytest.raises(DataError, match=text):
        room.require_square(12_000, 20, "EASE")
    monkeypatch.setattr(room, "free_bytes", lambda: None)  # a system that does not tell
    room.require_square(10**9, 20, "EASE")


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_the_least_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most, now = tmp_path / "most", tmp_path / "now"
    monkeypatch.setattr(room, "CGROUPS", ((str(most), str(now)), (str(tmp_path / "none"), str(now))))
    whole = room.free_bytes()
    assert whole is not None and whole > 1_000_000
    now.write_text("400\n")
    most.write_text("max\n")  # no limit
    assert room._of_container() == []
    most.write_text("1000\n")
    assert room.free_bytes() == 600


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
def test_a_limit_of_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1 << 50, resource.RLIM_INFINITY))
    assert (1 << 49) < room._of_limit()[0] < (1 << 50)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room._of_limit() == []

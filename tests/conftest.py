"""Data for the tests: real MovieLens where DRR_DATA_HOME points to it, a small invented world everywhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from drr_tutorial.data import download
from drr_tutorial.data.load import DataError, Ratings, load_ratings
from drr_tutorial.data.synthetic import synthetic_ratings

_UNREACHABLE = (
    "No matching distribution",
    "resolve",
    "ConnectionError",
    "No module named pip",
    "Max retries",
)


# A busy machine is no defect: how long an example takes is not tested.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


LONGEST = "test_readers_run.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: the last one would run alone while the other process has nothing left."""
    items.sort(key=lambda item: item.path.name != LONGEST)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: needs a package index that pip can reach; skips itself where none is")


@pytest.fixture(autouse=True, scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh cache folder, so that no test reads or writes the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "cache_folder", lambda: folder)
        yield folder


@pytest.fixture(scope="session")
def data_home() -> Path:
    """The folder with real MovieLens files in GroupLens' layout."""
    home = os.environ.get("DRR_DATA_HOME", "")
    if not home or not Path(home).is_dir():
        pytest.skip("set DRR_DATA_HOME to a folder that holds ml-100k and ml-1m to run the tests on real data")
    return Path(home)


def _load_if_present(name: str, home: Path) -> Ratings:
    if not (home / name).is_dir():
        pytest.skip(f"DRR_DATA_HOME holds no folder {name}")
    return load_ratings(name, data_home=home)


@pytest.fixture(scope="session")
def ml_100k(data_home: Path) -> Ratings:
    return _load_if_present("ml-100k", data_home)


@pytest.fixture(scope="session")
def ml_1m(data_home: Path) -> Ratings:
    return _load_if_present("ml-1m", data_home)


@pytest.fixture(scope="session")
def synthetic() -> Ratings:
    """A small invented world: 300 users, 500 films at most."""
    return synthetic_ratings(seed=0, n_users=300, n_items=500)


@pytest.fixture(scope="session")
def wheel(session_cache: Path) -> Path:
    """recbole's wheel, fetched by pip as a reader without GroupLens' server gets it."""
    try:
        return download.fetch_wheel()
    except DataError as error:
        if any(sign in str(error) for sign in _UNREACHABLE):
            pytest.skip(f"pip reaches no package index: {error}")
        raise

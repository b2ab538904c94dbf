"""A server for the built pages, and a browser."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drr_tutorial.recommenders.web import export_web
from tests.book import film_lists, islands
from tests.book.pages import CHROMIUM, FLAGS, SITE


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    """Where the pages are served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: apt-get install chromium, or CHROMIUM=/path/of/it")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def island_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a page for each island, named like it; "films" has both that are about films."""
    folder, names = tmp_path_factory.mktemp("islands"), islands.extension().ISLANDS
    pages = {name: islands.PAGE.format(name=name, fallback=islands.FALLBACK) for name in names}
    pages["films"] = pages["be-user"] + "\n" + pages["film-map"].replace("# The", "## The")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOOK_FILMS", str(folder / "films.js"))
        export_web(film_lists.agents_of_page(), folder / "films.js")
        return islands.build(folder, pages)

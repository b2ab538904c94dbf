"""Print the one-page book to PDF by the system's Chromium. Run: python book/_ext/print_pdf.py FOLDER PAGE OUT"""

import functools
import http.server
import os
import shutil
import sys
import threading
from typing import Any

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
HIDE = """@media print {
  .bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .bd-footer, .prev-next-footer, .headerlink,
  #pst-skip-link { display: none !important; }
  .toggle-hidden { display: block !important; }
  .bd-article pre { white-space: pre-wrap !important; }
  .bd-article table.dataframe td { white-space: normal !important; }
  figure, tr, .cell_input, .highlight, .bd-article div.math { break-inside: avoid; }
  h1, h2, h3, h4 { break-after: avoid; }
}
* { animation: none !important; transition: none !important; }"""
TYPESET = "document.querySelectorAll('mjx-container').length >= document.querySelectorAll('.math').length"
MINUTES = 5  # for the formulas of all pages on a slow machine
# Paper has no clicks, and nobody comes near a picture.
OPEN = """document.querySelectorAll("details").forEach(each => { each.open = true });
  const late = [...document.querySelectorAll("img[loading]")];
  late.forEach(each => { each.loading = "eager"; });
  Promise.all(late.map(each => each.decode())).then(() => late.length)"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *args: Any) -> None:
        """Nothing."""


def main(folder: str, page: str, out: str) -> None:
    """Serve `folder` on this machine, open `page`, wait for its formulas, print it to `out`."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("make pdf needs Chromium: apt-get install chromium, or CHROMIUM=/path/of/it")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        tab = browser.new_page(color_scheme="light")
        tab.set_default_timeout(MINUTES * 60_000)
        tab.goto(f"http://127.0.0.1:{server.server_port}/{page}", wait_until="load")
        tab.wait_for_function(TYPESET)
        tab.add_style_tag(content=HIDE)
        tab.evaluate(OPEN)
        margin = {"top": "15mm", "bottom": "15mm", "left": "12mm", "right": "12mm"}
        tab.pdf(path=out, format="A4", print_background=True, margin=margin)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:4])

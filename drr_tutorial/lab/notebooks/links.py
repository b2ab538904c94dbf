"""Where links of a reader's notebook lead: to a file beside it, or to the published pages."""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

from drr_tutorial.lab.notebooks.source import Page

# Of the published pages, such as https://somebody.github.io/book. Empty: not published yet, and all links lead to files
# that `drr-tutorial notebooks` writes; where there is no file, words say which page of which book is meant.
ADDRESS = ""
TITLE = "Deep reinforcement recommendation"
KINDS = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}


@dataclass(frozen=True)
class Links:
    """The links of one notebook.

    Args:
        address: of the published pages, or empty.
        up: from the notebook's folder to that of the chapters.
        alone: the notebook is downloaded by itself, so pictures must be inside.
        pictures: the folder in which pictures are looked for.
    """

    address: str = field(default_factory=lambda: ADDRESS)
    up: str = ""
    alone: bool = False
    pictures: Path = Path()

    def page(self, page: Page) -> str:
        """To another page: the file beside this one, else the published page; empty where there is neither."""
        if self.alone or (self.address and page.suffix == ".md"):
            return self.online(page)
        return f"{self.up}{page.name}{page.suffix}"

    def to(self, page: Page, words: str) -> str:
        """The words as a link to that page; where nothing can be linked, with the page's name, unless they hold it."""
        address = self.page(page)
        if address:
            return f"[{words}]({address})"
        told = page.title in words or (page.chapter and re.search(rf"(?<![.\d]){page.chapter}\b", words))
        return f"*{words}*" if told else f"*{words}* ({page.named})"

    def online(self, page: Page) -> str:
        """To the published page; empty where nothing is published."""
        return f"{self.address.rstrip('/')}/book/{page.name}.html" if self.address else ""

    def picture(self, path: str) -> str:
        """To a picture; for a notebook alone, the picture itself."""
        if not self.alone:
            return f"{self.up}{path}"
        file = self.pictures / path
        return f"data:{KINDS[file.suffix]};base64,{base64.b64encode(file.read_bytes()).decode()}"

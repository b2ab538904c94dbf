"""Notebooks for readers: made from the book's own, so that they read well in JupyterLab, VS Code, Colab and on GitHub.

Plain Markdown with the numbers filled in, no plumbing, an empty answer cell under every exercise, and the solutions
in a file of their own.
"""

from drr_tutorial.lab.notebooks.export import replace_downloads, write_notebooks

__all__ = ["replace_downloads", "write_notebooks"]

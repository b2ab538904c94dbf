"""The figures of README and book: one module a chapter, one function a figure; each returns a matplotlib figure."""

"""Bars that are tuned for the fair table (chapter 12) and nothing else: not part of what the package offers."""

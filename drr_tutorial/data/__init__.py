"""Ratings: what they are, where they come from, how they are read, numbered and split."""

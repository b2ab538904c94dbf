"""Strong bars from the literature that the fair table adds to those of `recommenders.baselines`."""

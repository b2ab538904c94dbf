"""Strong bars from the literature that the studies add to those of `recommenders.baselines`; all learn here."""

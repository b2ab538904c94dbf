"""The original notebook's agent as it was, one or many at a time, so that its faults can be measured."""

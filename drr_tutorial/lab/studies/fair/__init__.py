"""Chapter 7: agents and tuned baselines by every protocol, over the same seeds."""

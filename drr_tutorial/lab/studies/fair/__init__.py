"""Chapter 12: agents and tuned baselines by every protocol, over the same seeds."""

"""Planning agents in worlds with known bounds: this package's agent, and others on the same work."""

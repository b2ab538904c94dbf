"""The networks of the agent, and the ranking that an untrained actor starts from."""

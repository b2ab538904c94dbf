"""Everything that ranks items for a user behind one interface: the agent, the baselines, the shipped agent."""

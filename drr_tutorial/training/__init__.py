"""Replay, exploration, the update of DDPG, and the loop around them that can be interrupted and resumed."""

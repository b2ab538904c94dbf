"""Vectors for users and items before any reinforcement learning, and the four states made of them."""

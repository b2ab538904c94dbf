"""Worlds in which planning pays: today's item changes tomorrow's user. Gymnasium knows them when this is imported."""

import gymnasium as gym

PLANNING_ID, TINY_ID = "drr_tutorial/Planning-v0", "drr_tutorial/TinyPlanning-v0"
WORLDS = {PLANNING_ID: "Planning", TINY_ID: "TinyPlanning"}
for name, kind in WORLDS.items():
    if name not in gym.registry:
        gym.register(
            name,
            entry_point=f"{__name__}.env:{kind}Env",
            vector_entry_point=f"{__name__}.vector_env:{kind}VectorEnv",
        )

"""A log of ratings as an environment: one user or many at a time. Known to Gymnasium when this folder is imported."""

import gymnasium as gym

ENV_ID = "drr_tutorial/Recommendation-v0"
if ENV_ID not in gym.registry:
    gym.register(
        ENV_ID,
        entry_point=f"{__name__}.env:RecommendationEnv",
        vector_entry_point=f"{__name__}.vector_env:RecommendationVectorEnv",
    )

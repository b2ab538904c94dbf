"""One user at a time and many at once: the same dynamics, transition by transition."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from drr_tutorial.data.load import Ratings
from drr_tutorial.environment import ENV_ID
from drr_tutorial.environment.env import RecommendationEnv
from drr_tutorial.environment.vector_env import RecommendationVectorEnv


@pytest.mark.parametrize("candidates", ["balanced", "catalogue"])
@pytest.mark.parametrize("reward", ["binary", "centred"])
@pytest.mark.parametrize("max_steps", [None, 7])
@pytest.mark.parametrize("with_history", [False, True])
def test_the_vector_environment_is_many_single_ones(
    synthetic: Ratings, candidates: str, reward: str, max_steps: int | None, with_history: bool
) -> None:
    early = np.arange(len(synthetic)) % 2 == 0
    history, ratings = (synthetic.select(early), synthetic.select(~early)) if with_history else (None, synthetic)
    settings = {
        "candidates": candidates,
        "reward": reward,
        "max_steps": max_steps,
        "memory_size": 4,
        "history": history,
    }
    vector = RecommendationVectorEnv(ratings, 5, **settings)  # type: ignore[arg-type]
    singles = [RecommendationEnv(ratings, **settings) for _ in range(5)]  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    observation, info = vector.reset(seed=1)
    fresh = np.ones(5, dtype=bool)
    n_finished = 0
    for _ in range(300):
        for i in np.flatnonzero(fresh):
            options = {"user": synthetic.user_ids[observation["user"][i]],
                       "candidates": np.flatnonzero(info["action_mask"][i])}  # fmt: skip
            single, single_info = singles[i].reset(options=options)
            assert single["memory"].tolist() == observation["memory"][i].tolist()
            assert single_info["action_mask"].tolist() == info["action_mask"][i].tolist()
        # half of the time an item that can be shown, half of the time any item at all
        masked = [rng.choice(np.flatnonzero(mask)) for mask in info["action_mask"]]
        items = np.where(rng.random(5) < 0.5, masked, rng.integers(synthetic.n_items, size=5))
        observation, rewards, terminated, truncated, info = vector.step(items)
        for i, env in enumerate(singles):
            single, single_reward, single_terminated, single_truncated, single_info = env.step(items[i])
            assert single["user"] == observation["user"][i]
            assert single["memory"].tolist() == observation["memory"][i].tolist()
            assert (single_reward, single_terminated, single_truncated) == (rewards[i], terminated[i], truncated[i])
            assert single_info["action_mask"].tolist() == info["action_mask"][i].tolist()
        assert np.array_equal(vector.penalty == 0, info["action_mask"])
        assert np.isneginf(vector.penalty[~info["action_mask"]]).all()
        fresh = terminated | truncated
        n_finished += fresh.sum()
        if fresh.any():
            observation, info = vector.reset(options={"reset_mask": fresh})
    assert n_finished > 3


def test_a_partial_reset_leaves_the_others_alone(synthetic: Ratings) -> None:
    env = RecommendationVectorEnv(synthetic, 4)
    env.reset(seed=0)
    before, *_ = env.step(np.array([row.argmax() for row in env.available]))
    mask = np.array([True, False, False, True])
    users = synthetic.user_ids[np.flatnonzero(env.users.n_positive)[:2]]
    after, _ = env.reset(options={"reset_mask": mask, "users": users})
    assert after["memory"][1:3].tolist() == before["memory"][1:3].tolist()
    assert after["user"][mask].tolist() == synthetic.user_index(users).tolist()
    assert (after["memory"][mask] == synthetic.n_items).all()


def test_a_saved_state_goes_on_as_if_nothing_had_happened(synthetic: Ratings) -> None:
    env, other = (RecommendationVectorEnv(synthetic, 6) for _ in range(2))
    env.reset(seed=0)
    for _ in range(5):
        env.step(np.array([row.argmax() for row in env.available]))
    other.load_state_dict(env.state_dict())
    items = np.array([row.argmax() for row in env.available])
    for mine, theirs in zip(env.step(items)[1:4], other.step(items)[1:4], strict=True):
        assert mine.tolist() == theirs.tolist()


def test_registered_for_vectors_too(synthetic: Ratings) -> None:
    env = gym.make_vec(ENV_ID, num_envs=3, vectorization_mode="vector_entry_point", ratings=synthetic)
    observation, _ = env.reset(seed=0)
    assert env.observation_space.contains(observation)


def test_bad_actions_and_forgotten_resets(synthetic: Ratings) -> None:
    env = RecommendationVectorEnv(synthetic, 2, max_steps=1)
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"actions must be 2 item indices from 0 to \d+, got shape \(3,\)"):
        env.step(np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="values from -1"):
        env.step(np.array([-1, 0]))
    env.step(np.zeros(2, dtype=np.int64))
    with pytest.raises(ResetNeeded, match="2 of 2 environments have finished"):
        env.step(np.zeros(2, dtype=np.int64))
    with pytest.raises(ValueError, match=r"options\['users'\] must name 2 users"):
        env.reset(options={"users": synthetic.user_ids[:1]})
    with pytest.raises(ValueError, match="num_envs must be a whole number of at least 1, got 0"):
        RecommendationVectorEnv(synthetic, 0)

"""Others on the same work: what the algorithms of Stable-Baselines3, REINFORCE and a table earn in the planning worlds.

In the planning world all see the state that our agent sees (`FlatStates`), have networks of its size, and learn from as
many steps. Those with a replay buffer have as many users side by side, and make one update with its batch for each step
of all users. Each function trains once and returns `likes`, mean likes a session of 2,000 fresh users, the
`cpu seconds` of the training, and its `steps`. Settings are those that did best of a few, most of them tried with
400,000 steps; `**settings` replace them.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from drr_tutorial.config import PRESETS
from drr_tutorial.evaluation.episodes import Predicts, play_episodes
from drr_tutorial.lab.studies.planning.flat import FlatStates, NearestItem, as_vec_env
from drr_tutorial.lab.studies.planning.reinforce import SoftmaxPolicy, learn
from drr_tutorial.lab.studies.planning.tabular import q_learning
from drr_tutorial.lab.studies.runner import Figures
from drr_tutorial.worlds.tiny import likes_of, solve
from drr_tutorial.worlds.vector_env import PlanningVectorEnv

OURS = PRESETS["planning"]
STEPS, USERS = 2_000_000, 256
TABLE_STEPS = 10_000_000  # far more, and still quicker: there is no network
FRESH_USERS, FRESH_SEED = 2_000, 99
HIDDEN = list(OURS.agent.actor_hidden)
SESSIONS = 32  # of a batch of REINFORCE
REPLAYED: dict[str, Any] = {
    "buffer_size": OURS.training.capacity,
    "batch_size": OURS.training.batch_size,
    "learning_starts": round(OURS.training.random_share * STEPS),
    "train_freq": 1,
    "gradient_steps": 1,
    "gamma": OURS.agent.gamma,
    "n_steps": OURS.agent.n_steps,
    "tau": OURS.agent.tau,
    "policy_kwargs": {"net_arch": HIDDEN},
}


def dqn(seed: int, steps: int = STEPS, **settings: Any) -> Figures:
    """Deep Q-learning (Mnih et al. 2015) over items: an output of the network for each."""
    ours: dict[str, Any] = {
        "exploration_fraction": 0.5,
        "exploration_final_eps": 0.05,
        "target_update_interval": USERS,  # with every update
        "n_steps": 1,  # better than 5: later rewards are those of items shown at random
        "learning_rate": 1.5e-3,
    }
    return stable_baselines("DQN", seed, steps, **REPLAYED | ours | settings)


def ppo(seed: int, steps: int = STEPS, **settings: Any) -> Figures:
    """PPO (Schulman et al. 2017) over items."""
    ours: dict[str, Any] = {"n_steps": 32, "batch_size": 2048, "gamma": OURS.agent.gamma, "learning_rate": 1.5e-3}
    return stable_baselines("PPO", seed, steps, **ours | {"policy_kwargs": {"net_arch": HIDDEN}} | settings)


def td3(seed: int, steps: int = STEPS, **settings: Any) -> Figures:
    """TD3 (Fujimoto et al. 2018), an action being a vector that shows the nearest item."""
    from stable_baselines3.common.noise import NormalActionNoise

    size = world(1, vectors=True).single_action_space.shape
    ours = REPLAYED | {"action_noise": NormalActionNoise(np.zeros(size), np.full(size, 0.2)), "learning_rate": 1.5e-3}
    return stable_baselines("TD3", seed, steps, vectors=True, **ours | settings)


def sac(seed: int, steps: int = STEPS, **settings: Any) -> Figures:
    """SAC (Haarnoja et al. 2018), an action being a vector that shows the nearest item."""
    ours = REPLAYED | {"ent_coef": 0.01, "learning_rate": 1.5e-3}  # "auto" keeps actions far too random here
    return stable_baselines("SAC", seed, steps, vectors=True, **ours | settings)


def stable_baselines(name: str, seed: int, steps: int, *, vectors: bool = False, **settings: Any) -> Figures:
    """Train and judge an algorithm of Stable-Baselines3; the learning rate falls to a tenth, as ours does."""
    import stable_baselines3

    rate = settings.pop("learning_rate")
    with libraries_seeds_kept():
        model = getattr(stable_baselines3, name)(
            "MlpPolicy", as_vec_env(world(USERS, vectors)), seed=drawn(seed), device="cpu",
            learning_rate=lambda left: rate * (0.1 + 0.9 * left), **settings,
        )  # fmt: skip
        _, seconds = timed(lambda: model.learn(steps))
    return judged(model, vectors) | {"cpu seconds": seconds, "steps": model.num_timesteps}


def reinforce(seed: int, steps: int = STEPS, **settings: Any) -> Figures:
    """REINFORCE over items."""
    envs = world(SESSIONS)
    envs.reset(seed=drawn(seed))
    sizes = (envs.single_observation_space.shape[0], *HIDDEN, int(envs.single_action_space.n))
    policy = SoftmaxPolicy(sizes, torch.Generator().manual_seed(seed))
    found = {"gamma": OURS.agent.gamma, "learning_rate": 1.5e-3} | settings
    learned, seconds = timed(lambda: learn(policy, envs, steps=steps, **found))
    return judged(policy) | {"cpu seconds": seconds, "steps": learned}


def tabular(seed: int, steps: int = TABLE_STEPS, gamma: float = 0.99) -> Figures:
    """Q-learning in the tiny world; its greedy policy is judged exactly, beside the `optimum`."""
    values, seconds = timed(lambda: q_learning(seed, steps, gamma))
    likes = likes_of(values.argmax(axis=1))
    return {"likes": likes, "optimum": solve(1.0).likes, "cpu seconds": seconds, "steps": steps}


def world(users: int, vectors: bool = False) -> Any:
    """The planning world with `users` side by side; flat states to see, and vectors as actions if wanted."""
    envs = FlatStates(PlanningVectorEnv(users))  # by its class, not its id: a row's key follows names in the code
    return NearestItem(envs) if vectors else envs


def judged(policy: Predicts, vectors: bool = False) -> Figures:
    """Mean likes a session of users whom nobody was trained with, the same for all."""
    played = play_episodes(policy, world(FRESH_USERS, vectors), FRESH_USERS, FRESH_SEED)
    return {"likes": float(played.likes.mean())}


def drawn(seed: int) -> int:
    """A seed far from those of the fresh users: place i of an environment has its seed plus i."""
    return int(np.random.default_rng(seed).integers(2**31))


def timed(train: Callable[[], Any]) -> tuple[Any, float]:
    """What it returns, and the CPU seconds that it took, of all threads of this process."""
    start = time.process_time()
    result = train()
    return result, round(time.process_time() - start, 2)


@contextmanager
def libraries_seeds_kept() -> Iterator[None]:
    """Stable-Baselines3 seeds the generators that everybody shares; afterwards they are as they were."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002

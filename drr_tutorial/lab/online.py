"""The paper's online protocol to the letter: an agent that goes on learning during a session and is reset before the
next one.

Users, what may be shown and what it earns are those of `evaluation.simulator`. After each step the agent does one
update of algorithm 1 (Liu et al. 2018) with transitions of this session, and the next user meets the weights that the
training left. Each session has networks of its own, so they are played one after the other.
"""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from drr_tutorial.data.splits import Split
from drr_tutorial.evaluation.inputs import Scores
from drr_tutorial.evaluation.reports import EvaluationReport
from drr_tutorial.evaluation.sessions import play_sessions
from drr_tutorial.evaluation.simulator import SimulatedUsers
from drr_tutorial.evaluation.tasks import fingerprint_of
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.replay import ReplayBuffer

BATCH_SIZE = 32  # drawn with replacement from the session's transitions, ten at most


class SessionLearner:
    """A copy of an agent that learns in one session with one user; the agent itself stays as it is.

    `rewards` (n_items,): what each item earns from the user, an index.
    """

    def __init__(self, agent: DRRRecommender, user: int, rewards: NDArray[np.float32], steps: int, seed: int) -> None:
        self.networks = copy.deepcopy(agent.networks)
        config = agent._config.agent
        self.ddpg = DDPG(self.networks, config, torch.Generator().manual_seed(seed))
        self.rng = np.random.default_rng([seed, user])
        action_dim = self.networks.items.embedding_dim
        self.replay = ReplayBuffer(max(steps, BATCH_SIZE), memory_size=config.memory_size, action_dim=action_dim)
        self.rewards, self.user, self.memory = rewards, np.array([user]), agent.memory[[user]].copy()
        self.action = np.zeros((1, action_dim), dtype=np.float32)

    def scores_after(self, answers: csr_array) -> Scores:
        """Scores (1, n_items) once the latest of the session's answers (1, n_items) has been learned from."""
        if answers.nnz:
            self._learn(answers.indices[-1:].astype(np.int64))
        with torch.no_grad():
            state = self.networks.see(torch.from_numpy(self.user), torch.from_numpy(self.memory))
            action = self.networks.act(state)
            scores: Scores = (action @ self.networks.item_vectors().T).numpy()
        self.action = action.numpy()
        return scores

    def _learn(self, item: NDArray[np.int64]) -> None:
        """Store what was shown last (1,), and do one update."""
        reward, before = self.rewards[item], self.memory
        if reward[0] > 0:
            self.memory = np.concatenate([before[:, 1:], item[None]], axis=1)
        self.replay.add(
            user=self.user, memory=before, action=self.action, item=item, reward=reward, next_memory=self.memory,
            terminated=np.array([False]), steps=np.array([1]),
        )  # fmt: skip
        self.ddpg.update(self.replay.sample(BATCH_SIZE, self.rng))


def evaluate_learning_online(
    agent: DRRRecommender, world: SimulatedUsers, split: Split, *, steps: int = 10, n_users: int = 100, seed: int = 0
) -> EvaluationReport:
    """Sessions of up to `n_users` users of the test part, those of `evaluate_simulated` with the same seed, with an
    agent on a CPU that learns in each and forgets it.

    Metric: "reward@10" for 10 steps; one list a user. ValueError for n_users or steps below 1.
    """
    if n_users < 1 or steps < 1:
        raise ValueError(f"n_users and steps must be at least 1, got {n_users} and {steps}; try n_users=100, steps=10")
    rng = np.random.default_rng(seed)
    users = np.sort(rng.permutation(np.unique(split.test.users))[:n_users])
    unrated = np.isin(np.arange(split.ratings.n_items), split.ratings.items, invert=True)
    seen = (split.train.matrix()[users].toarray() > 0) | unrated
    rewards: NDArray[Any] = world.rewards(users)
    earned = np.empty((len(users), steps), dtype=rewards.dtype)
    for row, user in enumerate(users):  # each with weights of its own
        learner = SessionLearner(agent, int(user), rewards[row], steps, seed)
        one = slice(row, row + 1)
        earned[one] = play_sessions(learner.scores_after, rewards[one], seen[one], steps, rng, agent.label)
    task = fingerprint_of(f"simulated {seed} {steps}", users, split.ratings.item_ids, rewards, seen)
    values = {f"reward@{steps}": earned.sum(axis=1, dtype=np.float64)}
    return EvaluationReport(
        f"{agent.label}, learning", "simulated", (steps,), None, seed, split.ratings.user_ids[users], values, task
    )

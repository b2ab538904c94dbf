"""A training in a world that is stopped, by Ctrl-C or by force, ends with the weights of one that was not."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch

from drr_tutorial.agent import DRRAgent
from drr_tutorial.storage import StorageError
from drr_tutorial.training.trainer import CHECKPOINT
from drr_tutorial.worlds import PLANNING_ID, TINY_ID
from tests.own_env import Shop

SMALL: dict[str, Any] = {
    "batch_size": 32, "steps_per_update": 16, "random_share": 0.1, "actor_hidden": (16,), "critic_hidden": (16,),
}  # fmt: skip
STEPS = 800


def make(folder: Path | None, name: str = TINY_ID, **settings: Any) -> DRRAgent:
    return DRRAgent(gym.make_vec(name, num_envs=8), folder=folder, **{**SMALL, **settings})


def same(one: DRRAgent, other: DRRAgent) -> bool:
    first, second = one.networks.state_dict(), other.networks.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def stop_at(step: int) -> Any:
    def callback(trainer: Any) -> None:
        if trainer.step == step:
            raise KeyboardInterrupt

    return callback


@pytest.mark.parametrize("settings", [{}, {"final_rate": 1.0, "n_steps": 1}, {"replay": "prioritized", "gamma": 0.5}])
@pytest.mark.parametrize("name", [TINY_ID, PLANNING_ID])
@pytest.mark.parametrize("step", [40, 408])
def test_interrupted_and_resumed(tmp_path: Path, name: str, step: int, settings: dict[str, Any]) -> None:
    whole = make(None, name, **settings).learn(STEPS)
    stopped = make(tmp_path, name, **settings)
    with pytest.raises(KeyboardInterrupt):
        stopped.learn(STEPS, callback=stop_at(step))
    assert (tmp_path / CHECKPOINT).exists() == (step > 80)
    seen: list[int] = []
    resumed = make(tmp_path, name, **settings).learn(STEPS, callback=lambda trainer: seen.append(trainer.step))
    assert seen[0] == (8 if step < 80 else 408)  # checkpoints at each tenth
    assert same(whole, resumed) and resumed.num_timesteps == STEPS
    assert same(whole, stopped.learn(STEPS))  # the same object, too


def test_a_training_that_is_over_is_taken_up_as_it_ended(tmp_path: Path) -> None:
    first = make(tmp_path).learn(STEPS)
    assert same(first, make(tmp_path).learn(STEPS))


def test_two_trainings_after_each_other_are_resumed_each(tmp_path: Path) -> None:
    whole = make(None).learn(STEPS).learn(400)
    broken = make(tmp_path).learn(STEPS)
    with pytest.raises(KeyboardInterrupt):
        broken.learn(400, callback=stop_at(200))
    again = make(tmp_path).learn(STEPS).learn(400)  # the script, run anew
    assert same(whole, again) and again.num_timesteps == STEPS + 400


@pytest.mark.parametrize(
    ("settings", "steps", "said"),
    [
        ({"gamma": 0.5}, STEPS, r"belongs to other settings \(they differ in: agent\)"),
        ({"seed": 1}, STEPS, "belongs to other settings"),
        ({}, STEPS - 8, "belongs to other steps"),
    ],
)
def test_the_folder_of_another_training_is_refused(
    tmp_path: Path, settings: dict[str, Any], steps: int, said: str
) -> None:
    make(tmp_path).learn(STEPS)
    other = make(tmp_path, **settings)
    with pytest.raises(StorageError, match=said):
        other.learn(steps)
    assert other.num_timesteps == 0


def test_another_world_and_other_users_are_refused(tmp_path: Path) -> None:
    make(tmp_path).learn(STEPS)
    with pytest.raises(StorageError, match="belongs to other"):
        make(tmp_path, PLANNING_ID).learn(STEPS)
    with pytest.raises(StorageError, match="belongs to other switches"):
        DRRAgent(gym.make_vec(TINY_ID, num_envs=8, max_steps=30), folder=tmp_path, **SMALL).learn(STEPS)
    with pytest.raises(StorageError, match="belongs to other users"):
        DRRAgent(gym.make_vec(TINY_ID, num_envs=4), folder=tmp_path, **SMALL).learn(STEPS)


@pytest.mark.parametrize("place", ["env.interest", "seen.shown", "env.n_shown"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, place: str) -> None:
    make(tmp_path).learn(STEPS)
    whole = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    whole["state"]["env"][place] = whole["state"]["env"][place][:-1] * 0 + 99
    torch.save(whole, tmp_path / CHECKPOINT)
    with pytest.raises(StorageError, match="is not a whole checkpoint .*; delete it to start anew"):
        make(tmp_path).learn(STEPS)


class Numbered(Shop):
    """Every user has a number, which is all there is to see of her; what she pays is a tenth of it."""

    users = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.kind = Numbered.users / 10 % 1
        Numbered.users += 1
        return self.look(), {}

    def step(self, action: Any) -> Any:
        observation, _, *rest = super().step(action)
        return observation, self.kind, *rest


def test_users_who_cannot_be_saved_give_way_to_others_whose_rewards_are_their_own(tmp_path: Path) -> None:
    """A return over steps must not be of two users, one from before and one from after."""
    settings = {**SMALL, "n_steps": 4, "gamma": 0.5, "checkpoints": 100, "random_share": 0.0}
    with pytest.raises(KeyboardInterrupt):
        DRRAgent(Numbered(), folder=tmp_path, **settings).learn(100, callback=stop_at(40))
    kept: list[Any] = []
    DRRAgent(Numbered(), folder=tmp_path, **settings).learn(
        100, callback=lambda trainer: kept.append(trainer.replay.state_dict())
    )
    rows = kept[-1]
    earned = rows["user"][:, 0] * sum(0.5**step * (rows["steps"] > step) for step in range(4))
    np.testing.assert_allclose(rows["reward"], earned, rtol=1e-5)
    np.testing.assert_array_equal(rows["user"], rows["next_user"])
    assert len(set(rows["user"][:, 0].tolist())) > 5


SCRIPT = """
import sys
import gymnasium as gym
from drr_tutorial.agent import DRRAgent
from drr_tutorial.worlds import TINY_ID

agent = DRRAgent(gym.make_vec(TINY_ID, num_envs=8), folder=sys.argv[1], batch_size=64, steps_per_update=8,
                 random_share=0.1, checkpoints=60)
agent.learn(3_000).save(sys.argv[1] + "/agent")
"""


def start(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder)])


def test_killed_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["", str(tmp_path / "whole")])
    exec(SCRIPT, {})
    process, checkpoint, seen, last = start(tmp_path / "killed"), tmp_path / "killed" / CHECKPOINT, 0, 0
    while process.poll() is None and seen < 3:
        now = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        seen, last = seen + (now != last), now
        time.sleep(0.001)
    time.sleep(0.005)  # between two checkpoints
    process.kill()
    assert process.wait() != 0, "the training ended before it could be killed"
    assert not (tmp_path / "killed" / "agent").exists()
    assert start(tmp_path / "killed").wait() == 0
    for name in ("agent/weights.safetensors", "final.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "killed" / name).read_bytes()

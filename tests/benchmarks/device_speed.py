"""Training on a GPU beside the CPU, printed. Run: python tests/benchmarks/device_speed.py [compile]

Users at play, replay and updates of a training on an invented world (2,000 users, 4,000 items): with `Trainer` and with
`DeviceTrainer`, which keeps all of it on the device of the networks. Without a GPU it says so, and compares both on the CPU.
With "compile" it also times one update as it is and by torch.compile, and how long its first calls take, which compile.
"""

import sys
import time
from typing import Any

import numpy as np
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.synthetic import synthetic_ratings
from drr_tutorial.representation.embeddings import factorize, scaled
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.on_device import DeviceDDPG, DeviceTrainer
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.trainer import Trainer

CONFIG = PRESETS["simple"]
N_STEPS = 60  # of all users at play, after as many that fill the replay and warm up
N_UPDATES, N_FIRST = 200, 10


def make(ratings: Ratings, device: str, kind: Any) -> Trainer:
    """A trainer that is to begin."""
    config: ExperimentConfig = CONFIG
    embeddings = factorize(
        ratings, n_factors=config.embedding.n_factors, regularization=10.0, n_iterations=2, rng=np.random.default_rng(0)
    )
    networks = ActorCritic(config.agent, *scaled(embeddings), torch.Generator().manual_seed(0)).to(device)
    update = DeviceDDPG if kind is DeviceTrainer else DDPG
    return kind(**parts_on_log(config, ratings, networks, update=update), progress=False)


def steps_a_second(trainer: Trainer) -> float:
    """Steps of single users, with the updates that are due."""
    trainer._start()
    steps = trainer._steps()
    for _ in range(N_STEPS):
        next(steps)
    wait(trainer)
    start = time.perf_counter()
    for _ in range(N_STEPS):
        next(steps)
    wait(trainer)
    return N_STEPS * trainer.env.num_envs / (time.perf_counter() - start)


def wait(trainer: Trainer) -> None:
    """Until the device has done what it was told."""
    if trainer.networks.items.weight.device.type == "cuda":
        torch.cuda.synchronize()


def updates_a_second(update: Any, batch: Any) -> tuple[float, float]:
    """Of one batch again and again; and the seconds of the first calls, which are not counted."""
    begin = time.perf_counter()
    for _ in range(N_FIRST):
        update(batch)
    start = time.perf_counter()
    for _ in range(N_UPDATES):
        update(batch)
    return N_UPDATES / (time.perf_counter() - start), start - begin


def compiled(ratings: Ratings) -> None:
    """An update as it is, and by torch.compile."""
    trainer = make(ratings, "cpu", DeviceTrainer)
    trainer._start()
    while len(trainer.replay) < CONFIG.training.batch_size:
        trainer._interact()
    batch = trainer.replay.sample(CONFIG.training.batch_size)
    eager, _ = updates_a_second(trainer.ddpg.update, batch)
    print(f"updates a second on the CPU, as they are: {eager:.0f}")
    fast, first = updates_a_second(torch.compile(trainer.ddpg.update), batch)
    print(
        f"by torch.compile: {fast:.0f}, {fast / eager:.2f} times as many, after {first:.0f} s for the first {N_FIRST}"
    )
    if fast > eager:
        print(f"it pays after {(first - N_FIRST / eager) / (1 / eager - 1 / fast):,.0f} updates")


def main() -> None:
    torch.set_num_threads(1)  # as in training
    ratings = synthetic_ratings(seed=0, n_users=2000, n_items=4000)
    rates = {"cpu, arrays": steps_a_second(make(ratings, "cpu", Trainer))}
    rates["cpu, tensors"] = steps_a_second(make(ratings, "cpu", DeviceTrainer))
    if torch.cuda.is_available():
        rates["cuda, arrays"] = steps_a_second(make(ratings, "cuda", Trainer))
        rates["cuda, tensors"] = steps_a_second(make(ratings, "cuda", DeviceTrainer))
    for name, rate in rates.items():
        print(f"{name}: {rate:,.0f} steps a second, {rate / rates['cpu, arrays']:.2f} of cpu, arrays")
    if not torch.cuda.is_available():
        print("no CUDA device here: there is no ratio cuda/cpu to print")
    if "compile" in sys.argv:
        compiled(ratings)


if __name__ == "__main__":
    main()

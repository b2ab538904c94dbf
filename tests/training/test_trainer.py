"""The loop: schedules, learning on a toy world, checkpoints that lead to the same end, refusals."""

import dataclasses
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import AgentConfig, EmbeddingConfig, EnvironmentConfig, ExperimentConfig, TrainingConfig
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.embeddings import factorize, scaled
from drr_tutorial.storage import StorageError, read_arrays
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.exploration import make_exploration
from drr_tutorial.training.logs import read_scalars
from drr_tutorial.training.n_step import NStep
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.replay import ReplayBuffer
from drr_tutorial.training.trainer import CHECKPOINT, Trainer
from tests.toy import block_ratings, toy_ratings

CONFIG = ExperimentConfig(
    embedding=EmbeddingConfig(n_factors=8, regularization=1.0, n_iterations=5),
    environment=EnvironmentConfig(num_envs=4, min_positives=1),
    agent=AgentConfig(
        actor_hidden=(32,), critic_state_hidden=(), critic_hidden=(32,), warm_start=False, slate_size=0,
        critic_products=False, actor_lr=1e-3, critic_lr=3e-3, tau=0.02, gamma=0.5,
        temperature=2.0,
    ),
    training=TrainingConfig(passes=2, critic_first=0.0, replay="prioritized", batch_size=32, steps_per_update=4, log_every=50, checkpoints=6, evaluations=3),
)  # fmt: skip


class Mild(DDPG):
    """Without weight decay."""

    CRITIC_DECAY = 0.0


@pytest.fixture(scope="module")
def blocks() -> Ratings:
    return block_ratings()


def make(ratings: Ratings, folder: Path | None = None, config: ExperimentConfig = CONFIG, **options: Any) -> Trainer:
    embeddings = factorize(ratings, n_factors=8, regularization=1.0, n_iterations=5, rng=np.random.default_rng(0))
    networks = ActorCritic(config.agent, *scaled(embeddings), torch.Generator().manual_seed(config.seed))
    return Trainer(**parts_on_log(config, ratings, networks, update=Mild), folder=folder, progress=False, **options)


def change(config: ExperimentConfig = CONFIG, **parts: dict[str, Any]) -> ExperimentConfig:
    changed = {name: dataclasses.replace(getattr(config, name), **values) for name, values in parts.items()}
    return dataclasses.replace(config, **changed)  # type: ignore[arg-type]


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return trainer.networks.state_dict()


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("state", ["drr-ave", "drr-att"])
def test_a_cold_agent_learns_which_block_a_user_likes(blocks: Ratings, state: str) -> None:
    """An actor that starts knowing nothing must come to play as well as one that knows everybody's block.

    Half of the candidates pay. Of a user's 20 in-block items about 14 pay and about 3 of the others are candidates: who
    plays in-block items only gets about 14 / 17 = 0.81, and more is to be had only by learning single items by heart.
    """
    config = change(agent={"state": state}, training={"passes": 20, "exploration": "gaussian", "noise": 0.3})
    rewards = np.array([reward for reward, _ in _played(make(blocks, config=config))])
    assert rewards[:40].mean() < 0.6
    assert rewards[-80:].mean() > 0.78


def _played(trainer: Trainer) -> Any:
    trainer._start()
    return trainer._steps()


def test_as_many_updates_as_steps_ask_for(blocks: Ratings) -> None:
    trainer = make(blocks, config=change(training={"steps_per_update": 3, "passes": 0.5}))
    trainer.run()
    first = -(-32 // 4) * 4  # the step at which a batch can be filled
    assert trainer.ddpg.n_updates == trainer.step // 3 - (first - 4) // 3


def test_the_critic_learns_first(blocks: Ratings) -> None:
    trainer = make(blocks, config=change(training={"critic_first": 0.5, "passes": 1.0}))
    untouched = [p.detach().clone() for p in trainer.networks.actor.parameters()]
    moved = []
    for _ in _played(trainer):
        same = all(torch.equal(p, q) for p, q in zip(trainer.networks.actor.parameters(), untouched, strict=True))
        moved.append((trainer.step / trainer.total_steps, not same))
    assert not any(has_moved for share, has_moved in moved if share < 0.5)
    assert all(has_moved for share, has_moved in moved if share > 0.52)


def test_one_seed_one_result(blocks: Ratings) -> None:
    first, second, other = (make(blocks, config=dataclasses.replace(CONFIG, seed=seed)) for seed in (1, 1, 2))
    for trainer in (first, second, other):
        trainer.run()
    assert equal(weights(first), weights(second))
    assert not equal(weights(first), weights(other))


def test_the_global_generators_are_left_alone(blocks: Ratings) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[index,union-attr]  # noqa: NPY002
    make(blocks, config=change(training={"passes": 0.3})).run()
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # type: ignore[index]  # noqa: NPY002


class StopError(Exception):
    pass


@pytest.mark.parametrize("replay", ["uniform", "prioritized"])
@pytest.mark.parametrize("exploration", ["ou", "epsilon"])
@pytest.mark.parametrize("optimizer", ["adam", "ranger"])
def test_stop_and_resume_end_bit_for_bit_where_an_unbroken_run_does(
    blocks: Ratings, tmp_path: Path, replay: str, exploration: str, optimizer: str
) -> None:
    config = change(
        training={"replay": replay, "exploration": exploration},
        agent={"optimizer": optimizer},
        embedding={"learning_rate": 1e-3},
    )
    figures = iter(range(100))

    def validate(networks: ActorCritic) -> dict[str, float]:
        with torch.no_grad():
            return {"hit": float(networks.items.weight.sum().sin()), "dcg": 0.0}

    whole = make(blocks, tmp_path / "whole", config, validate=validate)
    whole.run()

    def stopping(networks: ActorCritic) -> dict[str, float]:
        if next(figures) == 2:
            raise StopError
        return validate(networks)

    broken = make(blocks, tmp_path / "broken", config, validate=stopping)
    with pytest.raises(StopError):
        broken.run()
    resumed = make(blocks, tmp_path / "broken", config, validate=validate)
    resumed.run()
    assert 0 < broken.step < whole.step
    assert equal(weights(whole), weights(resumed))
    assert whole.history == resumed.history
    for name in ("best", "final"):
        ours, theirs = (read_arrays(tmp_path / run / f"{name}.safetensors")[0] for run in ("whole", "broken"))
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


def test_resuming_a_finished_run_changes_nothing(blocks: Ratings, tmp_path: Path) -> None:
    first = make(blocks, tmp_path, change(training={"passes": 0.5}))
    first.run()
    again = make(blocks, tmp_path, change(training={"passes": 0.5}))
    again.run()
    assert equal(weights(first), weights(again))


def test_the_best_validated_weights_win_and_the_last_are_kept_too(blocks: Ratings, tmp_path: Path) -> None:
    seen: list[dict[str, torch.Tensor]] = []

    def validate(networks: ActorCritic) -> dict[str, float]:
        seen.append({name: value.clone() for name, value in networks.state_dict().items()})
        return {"hit": [0.1, 0.5, 0.3, 0.2][len(seen) - 1], "dcg": 0.1}

    trainer = make(blocks, tmp_path, validate=validate)
    history = trainer.run()
    assert [entry["hit"] for entry in history] == [0.1, 0.5, 0.3, 0.2]
    assert equal(weights(trainer), seen[1])
    final, about = read_arrays(tmp_path / "final.safetensors")
    assert all(np.array_equal(final[name], value.numpy()) for name, value in seen[3].items())
    assert about["step"] == trainer.step


def test_tensorboard_gets_every_validation(blocks: Ratings, tmp_path: Path) -> None:
    make(blocks, tmp_path, validate=lambda networks: {"hit": 0.5, "dcg": 0.25}).run()
    log = read_scalars(tmp_path)
    assert {"validation/HR@10", "train/reward", "train/value_loss", "train/policy_loss"} <= set(log)
    assert log["validation/nDCG@10"][:, 1].tolist() == [0.25] * 4


def test_nobody_to_play_with(blocks: Ratings) -> None:
    with pytest.raises(
        DataError, match=r"a user with 1000 positive items, the best has \d+; lower environment.min_positives"
    ):
        make(blocks, config=change(environment={"min_positives": 1000}))


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_unpickling_would_execute_it(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Malicious(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


def test_returns_over_more_steps_are_learned_from_and_resumed(blocks: Ratings, tmp_path: Path) -> None:
    def make_n(folder: Path, validate: Any = None) -> Trainer:
        trainer = make(blocks, folder, change(environment={"max_steps": 6}), validate=validate)
        trainer.n_step = NStep(3, CONFIG.agent.gamma)
        return trainer

    calls = iter(range(100))

    def stopping(networks: ActorCritic) -> dict[str, float]:
        if next(calls) == 2:
            raise StopError
        return {"hit": 0.0}

    whole = make_n(tmp_path / "whole", lambda networks: {"hit": 0.0})
    whole.run()
    steps = whole.replay.state_dict()["steps"]
    assert set(steps.tolist()) == {1, 2, 3} and (steps == 3).mean() > 0.5
    broken = make_n(tmp_path / "broken", stopping)
    with pytest.raises(StopError):
        broken.run()
    resumed = make_n(tmp_path / "broken", lambda networks: {"hit": 0.0})
    resumed.run()
    assert not equal(weights(whole), final(tmp_path / "whole"))  # what is compared was learned
    assert equal(final(tmp_path / "whole"), final(tmp_path / "broken"))


def final(folder: Path) -> dict[str, torch.Tensor]:
    """The weights at the end of a training, the best or not."""
    return {name: torch.from_numpy(array) for name, array in read_arrays(folder / "final.safetensors")[0].items()}


@pytest.fixture(scope="module")
def trained(blocks: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    make(blocks, folder, change(training={"passes": 0.5})).run()
    return folder


class TestRefusals:
    @pytest.fixture
    def folder(self, trained: Path, tmp_path: Path) -> Path:
        return Path(shutil.copytree(trained, tmp_path / "run"))

    def resume(self, ratings: Ratings, folder: Path, config: ExperimentConfig) -> None:
        make(ratings, folder, config).run()

    def test_other_settings(self, blocks: Ratings, folder: Path) -> None:
        with pytest.raises(StorageError, match=r"belongs to other settings \(they differ in: agent, training\)"):
            self.resume(blocks, folder, change(agent={"gamma": 0.1}, training={"passes": 0.75}))

    def test_other_data(self, folder: Path) -> None:
        with pytest.raises(StorageError, match="belongs to other data"):
            self.resume(block_ratings(seed=5), folder, change(training={"passes": 0.5}))

    @pytest.mark.parametrize("keep", [0, 7, 1000])
    def test_a_truncated_checkpoint(self, blocks: Ratings, folder: Path, keep: int) -> None:
        path = folder / CHECKPOINT
        path.write_bytes(path.read_bytes()[:keep])
        with pytest.raises(StorageError, match="is not a whole checkpoint .*; delete it to start anew"):
            self.resume(blocks, folder, change(training={"passes": 0.5}))

    def test_a_checkpoint_with_a_part_missing(self, blocks: Ratings, folder: Path) -> None:
        whole = torch.load(folder / CHECKPOINT, weights_only=True)
        del whole["state"]["replay"]["reward"]
        torch.save(whole, folder / CHECKPOINT)
        with pytest.raises(StorageError, match=r"is not a whole checkpoint .*reward.*delete it to start anew"):
            self.resume(blocks, folder, change(training={"passes": 0.5}))

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("step",), "many"),
            (("history",), 5),
            (("history",), [{"step": 0, "hit": "much"}]),
            (("best",), {"actor": torch.ones(1)}),
            (
                ("ddpg", "optimizers", "actor", "state", 0, "exp_avg"),
                torch.ones(1),
            ),  # a fused step would read beyond it
            (("ddpg", "optimizers", "critic", "state", 0, "exp_avg_sq"), torch.ones(32, 32, dtype=torch.int8)),
            (("ddpg", "optimizers", "actor", "state", 0, "step"), torch.ones(0)),
            (("ddpg", "optimizers", "actor", "state", 99), {"exp_avg": torch.ones(1)}),
            (("ddpg", "generator"), torch.zeros(3)),
            (("env", "user"), torch.full((4,), 10**6)),
            (("env", "memory"), torch.full((4, 5), -1)),
            (("env", "n_left"), torch.ones(1, dtype=torch.int64)),
            (("env", "queue"), torch.tensor([10**6])),
            (("n_step", "0.reward"), torch.ones(4)),
            (("n_step", "n"), torch.tensor(3)),
            (("random", "replay", "state", "state"), 10**60),
        ],
    )
    def test_a_checkpoint_that_this_training_cannot_have_saved(
        self, blocks: Ratings, folder: Path, place: tuple[Any, ...], value: Any
    ) -> None:
        whole = torch.load(folder / CHECKPOINT, weights_only=True)
        part = whole["state"]
        for name in place[:-1]:
            part = part[name]
        part[place[-1]] = value
        torch.save(whole, folder / CHECKPOINT)
        with pytest.raises(StorageError, match="is not a whole checkpoint .*; delete it to start anew"):
            self.resume(blocks, folder, change(training={"passes": 0.5}))

    @pytest.mark.parametrize("whole", [torch.ones(1), [1], {"state": torch.ones(1), "about": {}}, {}])
    def test_a_file_of_something_else(self, blocks: Ratings, folder: Path, whole: Any) -> None:
        torch.save(whole, folder / CHECKPOINT)
        with pytest.raises(StorageError, match="is not a whole checkpoint"):
            self.resume(blocks, folder, change(training={"passes": 0.5}))

    def test_one_flipped_bit_of_a_weight(self, blocks: Ratings, folder: Path) -> None:
        path = folder / CHECKPOINT
        with zipfile.ZipFile(path) as parts:
            largest = max(parts.infolist(), key=lambda part: part.file_size)
        data = bytearray(path.read_bytes())
        data[largest.header_offset + largest.file_size // 2] ^= 1
        path.write_bytes(data)
        with pytest.raises(StorageError, match="is not what was written"):
            self.resume(blocks, folder, change(training={"passes": 0.5}))

    def test_a_malicious_checkpoint_executes_nothing(self, blocks: Ratings, folder: Path, tmp_path: Path) -> None:
        (folder / CHECKPOINT).write_bytes(pickle.dumps(Malicious(tmp_path / "executed"), protocol=2))
        torch.save(Malicious(tmp_path / "executed"), folder / "other.pt")
        torch.load(folder / "other.pt", weights_only=False)
        (tmp_path / "executed").rmdir()  # so it would work, if anybody unpickled it
        for file in (CHECKPOINT, "other.pt"):
            (folder / file).rename(folder / CHECKPOINT)
            with pytest.raises(StorageError, match="is not a whole checkpoint"):
                self.resume(blocks, folder, change(training={"passes": 0.5}))
        assert not (tmp_path / "executed").exists()

    def test_a_full_disk_leaves_the_old_checkpoint(
        self, blocks: Ratings, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = (folder / CHECKPOINT).read_bytes()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        trainer = make(blocks, folder, change(training={"passes": 0.5}))
        with pytest.raises(StorageError, match=r"No space left on device.*unchanged"):
            trainer.save()
        assert (folder / CHECKPOINT).read_bytes() == old
        assert not list(folder.glob("*.part"))


class TestPartsThatDoNotFit:
    def trainer(self, blocks: Ratings) -> Trainer:
        return make(blocks, config=change(training={"passes": 0.5}))

    def refused(self, trainer: Trainer, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            trainer.run()
        assert trainer.step == 0

    def test_a_replay_that_holds_no_batch(self, blocks: Ratings) -> None:
        trainer = self.trainer(blocks)
        trainer.replay = ReplayBuffer(16, 5, 8)
        self.refused(trainer, "replay must hold a batch of 32, its capacity is 16")

    def test_two_gammas(self, blocks: Ratings) -> None:
        trainer = self.trainer(blocks)
        trainer.n_step = NStep(3, 0.99)
        self.refused(trainer, r"n_step has gamma 0.99, ddpg 0.5")

    def test_a_part_without_a_generator(self, blocks: Ratings) -> None:
        trainer = self.trainer(blocks)
        del trainer.rngs["exploration"]
        self.refused(trainer, r"rngs must hold generators .* got none for \['exploration'\]")

    def test_no_steps(self, blocks: Ratings) -> None:
        trainer = self.trainer(blocks)
        trainer.total_steps = 0
        self.refused(trainer, "total_steps must be at least 1, got 0")

    def test_a_validation_that_knows_nothing(self, blocks: Ratings) -> None:
        trainer = make(blocks, validate=lambda networks: {"hit": float("nan")})
        self.refused(trainer, "validate must return finite figures")


class Machines:
    """A world that is no log: four machines, of which number 2 pays; a session has five steps. It reuses its arrays."""

    num_envs = 4

    def __init__(self) -> None:
        self.penalty = np.zeros((4, 4), dtype=np.float32)
        self.seen = {"user": np.zeros(4, dtype=np.int64), "memory": np.full((4, 2), 4)}
        self.left = np.zeros(4, dtype=np.int64)

    def observation(self) -> dict[str, Any]:
        return self.seen

    def reset(self, *, options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        self.left[options["reset_mask"]] = 5
        self.seen["memory"][options["reset_mask"]] = 4
        return self.seen, {}

    def step(self, items: Any, /) -> Any:
        self.seen["memory"][:] = np.column_stack([self.seen["memory"][:, 1], items])
        self.left -= 1
        return self.seen, (items == 2).astype(np.int64), np.zeros(4, dtype=bool), self.left == 0, {}

    def state_dict(self) -> dict[str, Any]:
        return {"left": self.left.copy(), "memory": self.seen["memory"].copy()}

    def load_state_dict(self, state: Any, /) -> None:
        self.left[:], self.seen["memory"][:] = state["left"], state["memory"]


@pytest.mark.parametrize("n", [1, 3])
def test_a_world_that_is_no_log_trains_through_the_same_loop(tmp_path: Path, n: int) -> None:
    config = change(agent={"memory_size": 2}).agent
    vectors = np.eye(4, dtype=np.float32)
    networks = ActorCritic(config, vectors[:1], vectors, torch.Generator().manual_seed(0))
    trainer = Trainer(
        Mild(networks, config, torch.Generator().manual_seed(0)),
        Machines(),
        ReplayBuffer(5000, 2, 4),
        make_exploration("gaussian", (4, 4), start=0.5, end=0.1, n_steps=3000),
        CONFIG.training,
        total_steps=3000,
        rngs={name: np.random.default_rng(0) for name in ("replay", "exploration")},
        n_step=NStep(n, config.gamma),
        folder=tmp_path,
        progress=False,
    )
    rewards = np.array([reward for reward, _ in _played(trainer)])
    assert rewards[:50].mean() < 0.6 < 0.9 < rewards[-100:].mean()
    kept = trainer.replay.state_dict()
    assert (kept["next_memory"] != kept["memory"]).any()
    assert (kept["steps"] == n).mean() > 0.4
    assert kept["reward"].max() == pytest.approx(sum(0.5**step for step in range(n)))
    trainer.save()


class TestAgentOnDifficultData:
    def agent(self) -> DRRRecommender:
        return DRRRecommender(change(agent={"warm_start": True}), progress=False)

    def test_too_few_positives(self) -> None:
        with pytest.raises(
            DataError, match=r"enough positives for known, rewarded and validation parts, got 1; give more"
        ):
            self.agent().fit(toy_ratings([(1, 1, 5), (2, 1, 1)]))

    def test_a_user_who_likes_everything(self) -> None:
        rows = [(1, item, 5.0) for item in range(30)] + [
            (user, item, 4.0) for user in (2, 3) for item in range(0, 30, user)
        ]
        agent = self.agent().fit(toy_ratings(rows))
        assert len(agent.recommend(2, 3)) == 3

    def test_a_device_that_is_not_there(self) -> None:
        config = dataclasses.replace(CONFIG, device="cuda:77")
        with pytest.raises(
            ValueError, match="device must be one that this machine has, got 'cuda:77'; cpu is always there"
        ):
            DRRRecommender(config, progress=False).fit(block_ratings())

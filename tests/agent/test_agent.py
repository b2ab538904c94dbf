"""`DRRAgent`: learn, predict, save, load, in worlds of this package and in anybody's environment."""

import json
import shutil
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from drr_tutorial.agent import ABOUT, WEIGHTS, DRRAgent
from drr_tutorial.config import PRESETS
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.storage import StorageError
from drr_tutorial.training.divergence import DivergenceError
from drr_tutorial.training.logs import read_scalars
from drr_tutorial.worlds import PLANNING_ID, TINY_ID, item_vectors
from drr_tutorial.worlds.item_vectors import lifted
from tests.own_env import Shop

SMALL: dict[str, Any] = {
    "batch_size": 32, "steps_per_update": 16, "random_share": 0.1, "actor_hidden": (16,), "critic_hidden": (16,),
}  # fmt: skip
STEPS = 600


def tiny(n: int = 8, **settings: Any) -> Any:
    return gym.make_vec(TINY_ID, num_envs=n, **settings)


def agent(env: Any = None, **settings: Any) -> DRRAgent:
    return DRRAgent(tiny() if env is None else env, **{**SMALL, **settings})


def same(one: DRRAgent, other: DRRAgent) -> bool:
    first, second = one.networks.state_dict(), other.networks.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def observations(n: int = 6) -> dict[str, Any]:
    env = tiny(n)
    env.reset(seed=3)
    for item in (0, 1, 3, 2, 1):
        observation, *_, terminated, truncated, _ = env.step(np.full(n, item))
        env.reset(options={"reset_mask": terminated | truncated})
    return dict(observation)


@pytest.fixture(scope="module")
def trained() -> DRRAgent:
    return agent(seed=4).learn(STEPS)


def test_one_seed_one_result(trained: DRRAgent) -> None:
    assert same(trained, agent(seed=4).learn(STEPS))
    assert not same(trained, agent(seed=5).learn(STEPS))
    assert not same(trained, agent(seed=4))


def test_what_was_played_before_does_not_matter(trained: DRRAgent) -> None:
    env = tiny()
    env.reset(seed=77)
    env.step(np.zeros(8, dtype=np.int64))
    assert same(trained, agent(env, seed=4).learn(STEPS))


def test_the_global_generators_are_left_alone() -> None:
    before = torch.get_rng_state()
    agent().learn(100).predict(observations())
    assert torch.equal(before, torch.get_rng_state())


def test_one_observation_is_one_of_many(trained: DRRAgent) -> None:
    many = observations()
    items, nothing = trained.predict(many, deterministic=True)
    assert items.shape == (6,) and items.dtype == np.int64 and nothing is None
    for place, item in enumerate(items):
        one, _ = trained.predict({name: array[place] for name, array in many.items()}, deterministic=True)
        assert np.shape(one) == () and one == item
        lists, _ = trained.predict({name: array[place].tolist() for name, array in many.items()}, deterministic=True)
        assert lists == item
    np.testing.assert_array_equal(items, trained.scores(many).argmax(axis=1))
    assert trained.values(many).shape == (6, 4)


def test_a_prediction_goes_into_the_environment_as_it_is(trained: DRRAgent) -> None:
    single, many = gym.make(TINY_ID), tiny(3)
    single.step(trained.predict(single.reset(seed=0)[0])[0])
    many.step(trained.predict(many.reset(seed=0)[0])[0])


@pytest.mark.parametrize("temperature", [0.05, 0.2])
def test_items_are_drawn_by_the_chances_that_the_actor_was_trained_by(temperature: float) -> None:
    drawing = agent(temperature=temperature)
    one = {name: np.repeat(array[:1], 20_000, axis=0) for name, array in observations().items()}
    with torch.no_grad():  # so that no chance is near to 0 or 1
        drawing.networks.items.weight.mul_(temperature)
    chances = np.exp(drawing.scores(one)[0] / temperature)
    drawn = np.bincount(drawing.predict(one)[0], minlength=4) / 20_000
    np.testing.assert_allclose(drawn, chances / chances.sum(), atol=0.02)
    assert np.sort(drawn)[1] > 0.03


@pytest.mark.parametrize("observation", [None, np.zeros(20), {}, {"shown": np.full(20, 4)}, {"shown": 4}])
def test_what_lacks_its_parts_is_no_observation(trained: DRRAgent, observation: Any) -> None:
    with pytest.raises(ValueError, match="an observation must be a dictionary of shown, responses, user, got .*; pass"):
        trained.predict(observation)


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("shown", np.full(20, 5), "`shown` of an observation must be items from 0 to 3, or 4 for padding, got 5"),
        ("shown", np.full(20, -1), "or 4 for padding, got -1"),
        ("shown", np.full(19, 4), r"`shown` of an observation must be numbers \(20,\), or \(m, 20\) of m users, got"),
        ("user", np.zeros(3), r"`user` of an observation must be numbers \(2,\)"),
        ("user", np.full(2, np.nan), "`user` of an observation must be finite"),
        ("responses", np.zeros((2, 20)), "`responses` of an observation must be numbers"),
    ],
)
def test_what_cannot_be_seen_in_this_world_is_refused(
    trained: DRRAgent, name: str, value: Any, said: str, many: bool
) -> None:
    seen = observations() if many else {part: array[0] for part, array in observations().items()}
    seen[name] = np.stack([value] * 6) if many else value
    for method in (trained.predict, trained.scores, trained.values):
        with pytest.raises(ValueError, match=said):
            method(seen)


def test_steps_are_counted_over_calls(trained: DRRAgent) -> None:
    assert trained.num_timesteps == STEPS
    twice = agent(seed=4).learn(STEPS).learn(100)
    assert twice.num_timesteps == STEPS + 104  # whole steps of eight users
    assert not same(twice, trained)


def test_a_second_call_goes_on_where_the_first_ended(trained: DRRAgent) -> None:
    """Its replay is full from the start, its optimizers remember, nothing is shown at random, and others are at play."""
    learned, seen = agent(seed=4).learn(STEPS), []

    def look(trainer: Any) -> None:
        rates = [group["lr"] for group in trainer.ddpg.optimizers["actor"].param_groups]
        seen.append((len(trainer.replay), trainer.ddpg.n_updates, trainer.settings.random_share, rates))

    before = learned._learned
    assert before is not None
    learned.learn(80, callback=look)
    assert seen[0][0] >= len(before.replay) > 500 and 40 < seen[-1][0] - len(before.replay) < 80
    assert seen[0][1] >= before.ddpg["n_updates"] > 30 and seen[0][2] == 0
    assert learned._learned is not None and before.ddpg["n_updates"] < learned._learned.ddpg["n_updates"]


def test_a_callback_sees_every_step_and_may_stop() -> None:
    seen: list[int] = []

    def stop_at_80(trainer: Any) -> bool:
        seen.append(trainer.step)
        return bool(trainer.step < 80)

    assert agent().learn(STEPS, callback=stop_at_80).num_timesteps == 80
    assert seen == list(range(8, 88, 8))
    assert agent().learn(80, callback=lambda trainer: None).num_timesteps == 80


@pytest.mark.parametrize("no", [False, np.False_])
def test_a_callback_stops_by_any_false_and_goes_on_by_anything_else(no: Any) -> None:
    assert agent().learn(STEPS, callback=lambda trainer: no).num_timesteps == 8
    assert agent().learn(80, callback=lambda trainer: 0).num_timesteps == 80  # type: ignore[arg-type,return-value]


def test_a_callback_sees_and_saves_the_agent_as_it_is_then(tmp_path: Path) -> None:
    learning, seen = agent(Shop(), seed=1), []

    def look(trainer: Any) -> None:
        if trainer.step == 400:
            learning.save(tmp_path / "half")
        seen.append(learning.num_timesteps)

    learning.learn(STEPS, callback=look)
    half = DRRAgent.load(tmp_path / "half")
    assert seen == list(range(1, STEPS + 1)) and half.num_timesteps == 400
    assert not same(half, learning) and not same(half, agent(Shop(), seed=1))


def test_a_short_training_has_an_entry_in_its_log(tmp_path: Path) -> None:
    agent(folder=tmp_path).learn(200)
    assert {"train/reward", "train/value_loss"} <= set(read_scalars(tmp_path))


class Square(gym.Env[Any, Any]):
    """Nine items on a grid, of which the middle one is liked, and one beside it a little; five steps."""

    def __init__(self, *, lift: bool) -> None:
        grid = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1)]) + np.array([0, 0.01])
        self.item_vectors = lifted(grid) if lift else grid
        self.action_space = spaces.Discrete(9)
        self.observation_space = spaces.Dict(
            {"shown": spaces.MultiDiscrete([10] * 2), "responses": spaces.MultiBinary(2)}
        )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.shown, self.liked = [9, 9], [0, 0]
        return self.look(), {}

    def step(self, action: Any) -> Any:
        self.shown, self.liked = [*self.shown, int(action)], [*self.liked, int(action == 4)]
        return self.look(), float(action == 4), False, len(self.shown) == 7, {}

    def look(self) -> Any:
        return {"shown": np.array(self.shown[-2:]), "responses": np.array(self.liked[-2:], dtype=np.int8)}


def test_an_item_between_others_is_reached_when_vectors_are_lifted() -> None:
    settings: dict[str, Any] = {"seed": 0, "gamma": 0.0, "n_steps": 1, "actor_lr": 3e-3, "critic_lr": 3e-3}
    hidden, found = (agent(Square(lift=lift), **settings).learn(3000) for lift in (False, True))
    assert play_episodes(hidden, Square(lift=False), 10, seed=0).returns.mean() == 0
    assert play_episodes(found, Square(lift=True), 10, seed=0).returns.mean() >= 3


def test_vectors_that_hide_items_are_warned_of() -> None:
    shop = Shop()
    shop.action_space, shop.item_vectors = spaces.Discrete(200), np.random.default_rng(0).standard_normal((200, 2))
    shop.observation_space = spaces.Dict({**shop.observation_space.spaces, "shown": spaces.MultiDiscrete([201] * 4)})
    with pytest.warns(UserWarning, match=r"of 200 items were nearest .*lifted\(item_vectors\) lets an agent reach all"):
        agent(shop)


def test_probes_are_answered_in_pieces_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    probes, vectors = rng.standard_normal((50, 3)).astype(np.float32), rng.standard_normal((40, 3)).astype(np.float32)
    at_once = item_vectors._nearest(probes, vectors)
    monkeypatch.setattr(item_vectors, "AT_ONCE", 130)
    np.testing.assert_array_equal(item_vectors._nearest(probes, vectors), at_once)


def test_one_item_is_no_reason_to_warn(recwarn: pytest.WarningsRecorder) -> None:
    item_vectors.warn_of_vectors(np.zeros((1, 3), dtype=np.float32))
    assert not len(recwarn)


def test_a_column_that_hides_the_others_is_warned_of() -> None:
    shop = Shop()
    shop.item_vectors = np.column_stack([shop.item_vectors, [10.0, 1000, 300, 200, 100]])
    with pytest.warns(UserWarning, match="column 2 of item_vectors is spread .* times as far as the usual one"):
        agent(shop)


@pytest.mark.parametrize(
    "settings", [{"warm_start": True, "actions": "bounded"}, {"critic": "joined", "critic_products": True}]
)
def test_what_scores_items_by_users_needs_users_as_long_as_items(settings: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match="warm_start and critic_products must be off where users are seen by 1 numbers"
    ):
        agent(Shop(), **settings)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_whatever_stops_learn_leaves_the_agent_as_it_was(error: type[BaseException]) -> None:
    stopped, twin = (agent(seed=1).learn(200) for _ in range(2))

    def stop(trainer: Any) -> None:
        if trainer.step >= 400:
            raise error

    with pytest.raises(error):
        stopped.learn(STEPS, callback=stop)
    assert same(stopped, twin) and stopped.num_timesteps == twin.num_timesteps
    assert same(stopped.learn(STEPS), twin.learn(STEPS))


def test_sizes_of_items_and_rewards_do_not_matter_to_the_settings() -> None:
    """Vectors that are a hundred times as long, around somewhere else, and rewards of a thousand."""

    class Large(Shop):
        largest_reward = 1000.0

        def __init__(self) -> None:
            super().__init__()
            self.item_vectors = 100 * np.column_stack([np.ones(5), self.item_vectors]) + 3

        def step(self, action: Any) -> Any:
            observation, _, *rest = super().step(action)
            liked = self.item_vectors[action, 1] == 100 * self.kind + 3
            return observation, 1000.0 * liked, *rest

    settings: dict[str, Any] = {"gamma": 0.5, "n_steps": 2, "actor_lr": 3e-3, "critic_lr": 3e-3, "seed": 1}
    learned = agent(Large(), **settings).learn(3000)
    env = Large()
    seen, _ = env.reset(seed=0)
    assert play_episodes(learned, env, 30, seed=0).returns.mean() > 5500
    assert 1000 < learned.values(seen).max() < 2500  # of 1000 (1 + 1/2 + 1/4 + ...), in the world's own units


def test_what_is_the_same_of_all_items_is_not_looked_at() -> None:
    class Biased(Shop):
        def __init__(self) -> None:
            super().__init__()
            self.item_vectors = np.column_stack([np.full(5, 0.1), self.item_vectors])

        def step(self, action: Any) -> Any:
            observation, _, *rest = super().step(action)
            return observation, float(self.item_vectors[action, 1] == self.kind), *rest

    learned = agent(Biased(), gamma=0.5, n_steps=2, actor_lr=3e-3, critic_lr=3e-3, seed=1).learn(3000)
    assert play_episodes(learned, Biased(), 30, seed=0).returns.mean() > 5.5


def test_a_short_training_with_the_preset_as_it_is_learns() -> None:
    """Chance pays 3, a user's kind 6."""
    learned = DRRAgent(Shop(), seed=0, steps_per_update=4).learn(4000)
    assert play_episodes(learned, Shop(), 50, seed=0).returns.mean() > 5


def test_the_log_of_one_user_has_the_losses_too(tmp_path: Path) -> None:
    agent(Shop(), folder=tmp_path, steps_per_update=64, batch_size=16, log_every=50).learn(1000)
    log = read_scalars(tmp_path)
    assert len(log["train/value_loss"]) >= 10 and np.isfinite(log["train/policy_loss"]).all()


def test_the_log_is_in_the_units_of_the_world(tmp_path: Path) -> None:
    class Dear(Shop):
        largest_reward = 50.0

        def step(self, action: Any) -> Any:
            observation, liked, *rest = super().step(action)
            return observation, 50 * liked, *rest

    agent(Dear(), folder=tmp_path, log_every=20).learn(600)
    log = read_scalars(tmp_path)
    returns, lengths, rates = (log[f"episode/{name}"][:, 1] for name in ("return", "length", "like_rate"))
    np.testing.assert_allclose(returns, 50 * rates * lengths, rtol=1e-5)
    assert log["train/reward"][:, 1].max() > 10


def test_the_log_tells_what_episodes_bring(tmp_path: Path) -> None:
    agent(folder=tmp_path, log_every=100).learn(1000)
    log = read_scalars(tmp_path)
    names = ("return", "discounted_return", "length", "like_rate", "value")
    assert {f"episode/{name}" for name in names} | {"train/value_loss", "train/reward"} <= set(log)
    returns, lengths, rates = (log[f"episode/{name}"][:, 1] for name in ("return", "length", "like_rate"))
    np.testing.assert_allclose(returns, rates * lengths, rtol=1e-5)  # a like pays 1, nothing else does
    assert len(returns) >= 8 and (lengths >= 1).all()
    assert (log["episode/discounted_return"][:, 1] <= returns).all()


class TestSaved:
    @pytest.fixture
    def folder(self, trained: DRRAgent, tmp_path: Path) -> Path:
        trained.save(tmp_path / "agent")
        return tmp_path / "agent"

    def test_what_comes_back_predicts_the_same(self, trained: DRRAgent, folder: Path) -> None:
        loaded, again = DRRAgent.load(folder), DRRAgent.load(folder)
        assert same(loaded, trained) and loaded.num_timesteps == STEPS and loaded.config == trained.config
        many = observations(50)
        one = {name: array[0] for name, array in many.items()}
        for seen in (many, one):
            first, second = (each.predict(seen, deterministic=True)[0] for each in (trained, loaded))
            np.testing.assert_array_equal(first, second)
            np.testing.assert_array_equal(loaded.predict(seen)[0], again.predict(seen)[0])
        np.testing.assert_array_equal(trained.values(many), loaded.values(many))

    def test_it_plays_and_learns_on_with_the_networks_that_were_saved(self, folder: Path) -> None:
        first, second = (DRRAgent.load(folder, env=tiny()) for _ in range(2))
        assert same(first.learn(200), second.learn(200))
        assert second.num_timesteps == STEPS + 200
        assert play_episodes(second, tiny(), 5, seed=0).returns.shape == (5,)

    def test_without_an_environment_it_cannot_learn(self, folder: Path) -> None:
        with pytest.raises(ValueError, match=r"learn needs an environment; give it to load\(folder, env=env\)"):
            DRRAgent.load(folder).learn(10)

    @pytest.mark.parametrize("env", [lambda: tiny(memory_size=5), lambda: gym.make_vec(PLANNING_ID, num_envs=2)])
    def test_another_world_is_refused(self, folder: Path, env: Any) -> None:
        with pytest.raises(ValueError, match="env must be the world that .* was trained in, with the same items and"):
            DRRAgent.load(folder, env=env())

    def test_a_save_replaces_a_save_and_nothing_else(self, trained: DRRAgent, folder: Path) -> None:
        agent(seed=9).save(folder)
        assert same(DRRAgent.load(folder), agent(seed=9))
        (folder / "thesis.txt").write_text("all of it")
        with pytest.raises(StorageError, match="holds something else than an agent; choose a new folder"):
            trained.save(folder)
        assert (folder / "thesis.txt").exists()

    def test_the_folder_of_a_training_is_no_place_to_save(self, tmp_path: Path) -> None:
        learned = agent(folder=tmp_path / "run").learn(100)
        with pytest.raises(StorageError, match="holds something else than an agent"):
            learned.save(tmp_path / "run")
        learned.save(tmp_path / "run" / "agent")

    @pytest.mark.parametrize("name", [ABOUT, WEIGHTS])
    @pytest.mark.parametrize("keep", [None, 0, 10, -1])
    def test_a_damaged_file_is_refused(self, folder: Path, name: str, keep: int | None) -> None:
        data = (folder / name).read_bytes()
        (folder / name).unlink()
        if keep is not None:
            (folder / name).write_bytes(data[:keep] if keep >= 0 else data[: len(data) // 2])
        with pytest.raises(StorageError, match=name):
            DRRAgent.load(folder)

    @pytest.mark.parametrize(
        "change",
        [
            {"format": 99}, {"world": "another"}, {"user_dim": 7}, {"largest_reward": "much"}, {"settings": {}},
            {"settings": None}, {"num_timesteps": "many"}, {"num_timesteps": -5}, {"num_timesteps": 1.5},
            {"largest_reward": 2.0}, {"sha256": None}, {"sha256": "abc"},
        ],
    )  # fmt: skip
    def test_an_altered_description_is_refused(self, folder: Path, change: dict[str, Any]) -> None:
        about = json.loads((folder / ABOUT).read_text())
        (folder / ABOUT).write_text(json.dumps({**about, **change}))
        with pytest.raises(StorageError, match="is damaged or was altered"):
            DRRAgent.load(folder)

    @pytest.mark.parametrize("text", ["[]", "null", "5", "{}"])
    def test_another_file_of_that_name_is_refused(self, folder: Path, text: str) -> None:
        (folder / ABOUT).write_text(text)
        with pytest.raises(StorageError, match="agent.json was written by"):
            DRRAgent.load(folder)

    def test_weights_of_another_agent_are_refused(self, folder: Path, tmp_path: Path) -> None:
        agent(actor_hidden=(8,)).save(tmp_path / "other")
        shutil.copy(tmp_path / "other" / WEIGHTS, folder / WEIGHTS)
        with pytest.raises(StorageError, match="is damaged or was altered"):
            DRRAgent.load(folder)

    @pytest.mark.parametrize("place", [-1, -100])
    def test_a_flipped_bit_is_refused(self, folder: Path, place: int) -> None:
        content = bytearray((folder / WEIGHTS).read_bytes())
        content[place] ^= 1
        (folder / WEIGHTS).write_bytes(content)
        text = (
            r"weights.safetensors is damaged or was altered: its sha256 is \w{64}, expected \w{64}; save it again, or"
        )
        with pytest.raises(StorageError, match=text):
            DRRAgent.load(folder)

    def test_weights_of_another_seed_are_refused(self, folder: Path, tmp_path: Path) -> None:
        agent(seed=9).save(tmp_path / "other")
        shutil.copy(tmp_path / "other" / WEIGHTS, folder / WEIGHTS)
        with pytest.raises(StorageError, match="weights.safetensors is damaged or was altered"):
            DRRAgent.load(folder)

    def test_a_save_without_checksums_still_loads(self, trained: DRRAgent, folder: Path) -> None:
        about = json.loads((folder / ABOUT).read_text())
        del about["sha256"]
        (folder / ABOUT).write_text(json.dumps(about))
        assert same(DRRAgent.load(folder), trained)

    def test_an_agent_of_a_gpu_comes_back_where_there_is_none(self, trained: DRRAgent, folder: Path) -> None:
        about = json.loads((folder / ABOUT).read_text())
        about["settings"]["device"] = "cuda:77"
        (folder / ABOUT).write_text(json.dumps(about))
        assert same(DRRAgent.load(folder), trained)


class TestRefusedBeforeAnythingIsTrained:
    @pytest.mark.parametrize(
        ("settings", "error", "said"),
        [
            ({"gamma": 1}, ValueError, "AgentConfig.gamma must be from 0 to below 1 in a world, got 1"),
            ({"gamma": 1.5}, ValueError, "AgentConfig.gamma must be .* got 1.5"),
            ({"gamma": float("nan")}, ValueError, "AgentConfig.gamma must be"),
            ({"n_steps": 0}, ValueError, "AgentConfig.n_steps must be .* got 0"),
            ({"n_steps": 256}, ValueError, "AgentConfig.n_steps must be .* got 256"),
            ({"gama": 0.9}, TypeError, "'gama' is no setting of AgentConfig or TrainingConfig"),
            ({"memory_size": 7}, ValueError, "memory_size must be 20, as env observes, got 7; leave it out"),
            ({"state": "mine"}, ValueError, "AgentConfig.state must be one of .* got 'mine'"),
            ({"config": "plan"}, ValueError, "config must be an ExperimentConfig or one of .*'planning'.* got 'plan'"),
            ({"config": 5}, ValueError, "config must be an ExperimentConfig or one of .* got 5"),
            ({"seed": -1}, ValueError, "ExperimentConfig.seed must be .* got -1"),
            ({"passes": 3}, TypeError, "passes is for logs of ratings and changes nothing in a world; leave it out"),
            ({"dislikes_last": True}, TypeError, "dislikes_last is for logs"),
            ({"batch_size": 0}, ValueError, "TrainingConfig.batch_size must be .* got 0"),
        ],
    )
    def test_settings(self, settings: dict[str, Any], error: type[Exception], said: str) -> None:
        with pytest.raises(error, match=said):
            DRRAgent(tiny(), **settings)

    def test_a_device_that_is_not_there(self) -> None:
        config = PRESETS["planning"].__class__(**{**vars(PRESETS["planning"]), "device": "cuda:77"})
        with pytest.raises(ValueError, match="device must be one that this machine has, got 'cuda:77'; cpu is always"):
            DRRAgent(tiny(), config=config)

    @pytest.mark.parametrize("env", [None, "env", 3, Shop, SyncVectorEnv([Shop] * 2), gym.make("CartPole-v1")])
    def test_environments(self, env: Any) -> None:
        with pytest.raises(ValueError, match=r"env must|of env must"):
            DRRAgent(env)

    @pytest.mark.parametrize("total", [0, -1, 2.5, True, "x", None])
    def test_steps(self, total: Any) -> None:
        with pytest.raises(ValueError, match="total_timesteps must be a whole number of at least 1, got"):
            agent().learn(total)

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StorageError, match=r"cannot write .*file"):
            agent(folder=tmp_path / "file").learn(STEPS)

    def test_what_cannot_be_called_is_no_callback(self) -> None:
        with pytest.raises(ValueError, match="callback must be a function of the trainer, got 5"):
            agent().learn(STEPS, callback=5)  # type: ignore[arg-type]

    @pytest.mark.parametrize(("total", "least"), [(1, 64), (50, 64), (63 - 8, 64)])
    def test_steps_too_few_to_learn_from(self, total: int, least: int) -> None:
        with pytest.raises(ValueError, match=f"total_timesteps must be at least {least} with .* got {total}; nothing"):
            agent().learn(total)
        assert agent().learn(least).num_timesteps == least


class Broken(Shop):
    """Pays something that is no number after a while."""

    def step(self, action: Any) -> Any:
        observation, reward, *rest = super().step(action)
        self.steps = getattr(self, "steps", 0) + 1
        return observation, float("nan") if self.steps > 200 else reward, *rest


def test_a_reward_that_is_no_number_ends_the_training_and_changes_nothing() -> None:
    learning = agent(Broken())
    with pytest.raises(ValueError, match=r"rewards of the environment must be finite and from -1 to 1, got nan"):
        learning.learn(STEPS)
    assert same(learning, agent(Broken())) and learning.num_timesteps == 0


def test_a_training_that_runs_away_is_stopped() -> None:
    learning = agent(critic_lr=50.0, actor_lr=50.0)
    with pytest.raises(DivergenceError, match="training diverged"):
        learning.learn(4000)
    assert same(learning, agent(critic_lr=50.0, actor_lr=50.0))


@pytest.mark.parametrize("many", [False, True])
def test_somebodys_own_environment_is_learned_as_it_is(many: bool) -> None:
    """What a user likes is seen: the best earns 6 an episode, chance 3."""
    env = SyncVectorEnv([Shop] * 4, autoreset_mode=AutoresetMode.DISABLED) if many else Shop()
    learned = agent(env, gamma=0.5, n_steps=2, random_share=0.16, actor_lr=3e-3, critic_lr=3e-3, seed=1).learn(3000)
    assert play_episodes(learned, Shop(), 30, seed=0).returns.mean() > 5.5
    assert play_episodes(agent(env, seed=1), Shop(), 30, seed=0).returns.mean() < 5


class Clock(Shop):
    """What is seen of a user is how long she has been here."""

    def look(self) -> dict[str, Any]:
        return {**super().look(), "user": np.array([len(self.past) / 6], dtype=np.float32)}


@pytest.mark.parametrize("n_steps", [1, 4])
def test_the_next_user_is_who_is_seen_where_a_transition_ends(n_steps: int) -> None:
    kept: list[Any] = []
    agent(Clock(), n_steps=n_steps).learn(60, callback=lambda trainer: kept.append(trainer.replay.state_dict()))
    rows = kept[-1]
    np.testing.assert_allclose(rows["next_user"][:, 0] - rows["user"][:, 0], rows["steps"] / 6, rtol=1e-5)
    assert set(rows["steps"]) == set(range(1, n_steps + 1))
    assert not rows["terminated"].any() and (rows["next_user"] == 1).any()  # an end by time ends no value


@pytest.mark.parametrize("replay", ["uniform", "prioritized"])
def test_the_replay_is_what_the_settings_say(replay: str) -> None:
    kinds: set[str] = set()
    agent(replay=replay).learn(64, callback=lambda trainer: kinds.add(type(trainer.replay).__name__))
    assert kinds == {"ReplayBuffer" if replay == "uniform" else "PrioritizedReplayBuffer"}


@pytest.mark.parametrize("config", [name for name in PRESETS if name != "planning"])
def test_any_preset_trains_in_a_world(config: str) -> None:
    settings = {name: value for name, value in SMALL.items() if name not in ("random_share", "actor_hidden")}
    learned = DRRAgent(tiny(), config=config, seed=0, **settings).learn(300)
    assert learned.predict(observations())[0].shape == (6,)


def test_more_users_than_the_buffer_holds() -> None:
    assert agent(tiny(100), capacity=1, n_steps=3).learn(400).num_timesteps == 400

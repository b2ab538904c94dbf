"""SARDINE behind our rules: checks, one and many alike bit for bit, its settings, its end, and what is refused."""

import copy
import subprocess
import sys
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from drr_tutorial.agent import DRRAgent
from drr_tutorial.evaluation.episodes import play_episodes
from drr_tutorial.worlds import PLANNING_ID
from drr_tutorial.worlds.make import make_world_vec
from drr_tutorial.worlds.planners import myopic, play
from drr_tutorial.worlds.sardine import SardineVectorEnv, SardineWrapper, make_sardine
from drr_tutorial.worlds.simulation import Simulation

pytest.importorskip("sardine", reason="needs the extra 'worlds'")

BORED, STATIC, SLATES = (
    f"sardine/{name}-v0" for name in ("SingleItem-BoredInf", "SingleItem-Static", "SlateTopK-Bored")
)
RULES: list[dict[str, Any]] = [
    {},
    {"env_omega": 1.0, "env_slope": 10},
    {"env_omega": 0.8, "boredom_threshold": 3, "boredom_type": "user_tloi", "rel_penalty": True},
    {"rel_threshold": 0.6, "boredom_threshold": 2, "boredom_moving_window": 7, "click_model": "mixPBM"},
    {"env_alpha": 0.9, "diversity_threshold": 1, "diversity_penalty": 2.0},
]


def test_gymnasium_has_nothing_to_say() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version.*")  # said of any wrapper
        check_env(SardineWrapper(make_sardine(BORED)), skip_render_check=True)


@pytest.mark.parametrize("settings", RULES)
def test_many_are_as_many_of_sardines_own_bit_for_bit(settings: dict[str, Any]) -> None:
    n, rng = 5, np.random.default_rng(0)
    many = make_world_vec(BORED, n, episode_length=30, **settings)
    assert isinstance(many, SardineVectorEnv)
    singles = [SardineWrapper(make_sardine(BORED, episode_length=30, **settings)) for _ in range(n)]
    observation, _ = many.reset(seed=7)
    seen = [env.reset(seed=7 + place)[0] for place, env in enumerate(singles)]
    total = 0.0
    for _ in range(100):
        assert all(np.array_equal(one[key], observation[key][place]) for place, one in enumerate(seen) for key in one)
        best = many.sessions.users.chances().argmax(axis=1)  # who clicks much is bored often
        actions = np.where(rng.random(n) < 0.3, rng.integers(many.world.n_items, size=n), best)
        observation, rewards, terminated, truncated, _ = many.step(actions)
        for place, env in enumerate(singles):
            seen[place], *one, _info = env.step(actions[place])
            assert one == [rewards[place], terminated[place], truncated[place]]
            if one[2]:
                seen[place] = env.reset()[0]
        observation, _ = many.reset(options={"reset_mask": terminated | truncated})
        total += float(rewards.sum())
    assert 50 < total < 500


def test_the_chance_of_one_item_is_that_of_all() -> None:
    users = make_world_vec(BORED, 8).sessions.users  # type: ignore[attr-defined]
    users.arrive(np.arange(8), [np.random.default_rng(place) for place in range(8)])
    items = np.arange(8) * 100
    np.testing.assert_allclose(users.chance(items), users.chances()[np.arange(8), items], rtol=1e-9)


def test_a_seed_gives_the_same_sessions() -> None:
    first, again, other = (_rewards(make_world_vec(BORED, 4), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_was_saved_goes_on_the_same() -> None:
    env = make_world_vec(BORED, 4)
    users = Simulation(env)
    users.reset(seed=0)
    saved, generators = users.state_dict(), copy.deepcopy(users.rngs)
    first = _rewards(env, n=30)
    users.load_state_dict(saved)
    for rng, kept in zip(users.rngs.values(), generators.values(), strict=True):
        rng.bit_generator.state = kept.bit_generator.state
    np.testing.assert_array_equal(_rewards(env, n=30), first)


@pytest.mark.parametrize(
    "env", [lambda: SardineWrapper(make_sardine(BORED)), lambda: make_world_vec(BORED, 3, memory_size=7)]
)
def test_the_rules_of_a_simulation_are_kept(env: Any) -> None:
    users = Simulation(env())
    seen, _ = users.reset(seed=0)
    catalogue = users.catalogue
    assert catalogue.item_vectors.shape == (1000, 20) and catalogue.user_dim == 10
    np.testing.assert_array_equal(catalogue.item_vectors[:, 10:].argmax(1), catalogue.item_vectors[:, :10].argmax(1))
    assert seen["memory"].shape == (users.num_envs, catalogue.memory_size)
    assert (seen["memory"] != 1000).sum(axis=1).tolist() == [1] * users.num_envs  # SARDINE's own first item


def test_what_is_seen_is_what_was_shown_and_clicked() -> None:
    env = SardineWrapper(make_sardine(STATIC), memory_size=4)
    observation, _ = env.reset(seed=0)
    item = int(env.unwrapped.user_embedd.argmax())  # type: ignore[attr-defined]
    best = int((env.world.embeddings @ env.unwrapped.user_embedd).argmax())  # type: ignore[attr-defined]
    clicks = []
    for shown in (best, item, best):
        observation, click, *_ = env.step(np.int64(shown))
        clicks.append(int(click))
    assert observation["shown"][1:].tolist() == [best, item, best]
    assert observation["responses"][1:].tolist() == clicks and clicks[0] == clicks[2] == 1
    assert observation["user"][env.world.topics[best]] == pytest.approx(np.float32(2 / 11), abs=0.1)


def test_a_session_is_truncated_after_its_steps_and_terminated_never() -> None:
    env, steps = SardineWrapper(make_sardine(BORED)), 0
    env.reset(seed=0)
    truncated = False
    while not truncated:
        _, _, terminated, truncated, _ = env.step(np.int64(0))
        steps += 1
        assert not terminated
    assert steps == 100


def test_settings_reach_sardine() -> None:
    """Greedy with full knowledge: half of all is lost to boredom, whether tastes move or not; nothing without it."""
    worlds = {"moving": (BORED, {}), "fixed": (BORED, {"env_omega": 1.0}), "static": (STATIC, {})}
    likes = {
        name: play(make_world_vec(world, 1, **settings).world, myopic, 64, seed=0).likes.mean()  # type: ignore[attr-defined]
        for name, (world, settings) in worlds.items()
    }
    assert likes["fixed"] == pytest.approx(50, abs=0.5) and likes["static"] == pytest.approx(100, abs=1)
    assert 48 < likes["moving"] < 53 and abs(likes["moving"] - likes["fixed"]) > 0.1


def test_an_agent_learns_here_what_clicks() -> None:
    few: dict[str, Any] = {"random_share": 0.1, "steps_per_update": 64, "batch_size": 128, "final_noise": 0.1}
    agent, fresh = DRRAgent(make_world_vec(STATIC, 64), seed=0, gamma=0.0, n_steps=1, **few), make_world_vec(STATIC, 32)
    before = play_episodes(agent, fresh, 32, seed=1).returns.mean()
    agent.learn(40_000)
    assert play_episodes(agent, fresh, 32, seed=1).returns.mean() > before + 5


def test_other_environments_come_by_their_names() -> None:
    assert make_world_vec(PLANNING_ID, 3, growth=False).world.growth is False  # type: ignore[attr-defined]
    again = make_world_vec(f"drr_tutorial.worlds:{PLANNING_ID}", 2)
    assert again.num_envs == 2 and Simulation(again).catalogue.user_dim == 8


def test_who_has_no_vector_form_is_played_one_after_the_other() -> None:
    name = "drr_tutorial/OneByOne-v0"
    gym.register(name, entry_point="drr_tutorial.worlds.env:TinyPlanningEnv")
    try:
        users = Simulation(make_world_vec(name, 2))
    finally:
        del gym.registry[name]
    users.reset(seed=0)
    assert users.step(np.zeros(2, dtype=np.int64))[1].shape == (2,)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("sardine/SingleItem-Bord-v0", {}, "must have a name that Gymnasium knows.*SingleItem-Bord"),
        ("nowhere/Nothing-v0", {}, "must have a name that Gymnasium knows"),
        ("no_module_of_this_name:nowhere/Nothing-v0", {}, "must have a name that Gymnasium knows"),
        (SLATES, {}, "SARDINE must show one item a step, got slates of 10"),
        (BORED, {"env_omga": 1.0}, "settings of sardine/SingleItem-BoredInf-v0 must be among .*, got 'env_omga'"),
        (BORED, {"env_omega": "hello"}, "env_omega of sardine/SingleItem-BoredInf-v0 must be a number, .* got 'hello'"),
        (BORED, {"memory_size": 0}, "memory_size must be a whole number"),
        (BORED, {"recent_items_maxlen": 3}, "recent_items_maxlen must be at least boredom_moving_window, 5, got 3"),
        (BORED, {"boredom_type": "none"}, "boredom_type of .* must be one of .*'user_tloi'.*, got 'none'"),
        (BORED, {"click_model": "PBM"}, "click_model of .* must be one of .*, got 'PBM'"),
        (BORED, {"episode_length": 2.5}, "episode_length must be a whole number of at least 1, got 2.5"),
        (BORED, {"boredom_threshold": 0}, "boredom_threshold must be a whole number of at least 1, got 0"),
        (BORED, {"env_omega": float("nan")}, "env_omega of .* must be a number, .* got nan"),
        (BORED, {"env_omega": True}, "env_omega of .* must be a number, such as 0.95, got True"),
        (BORED, {"env_omega": None}, "env_omega of .* must be a number, such as 0.95, got None"),
        (BORED, {"env_omega": 1.5}, "env_omega of .* must be from 0 to 1, got 1.5"),
        (BORED, {"env_alpha": -0.1}, "env_alpha of .* must be from 0 to 1, got -0.1"),
        (BORED, {"env_alpha": np.float32(2)}, "env_alpha of .* must be from 0 to 1, got 2.0"),
        (BORED, {"click_prop": 1.01}, "click_prop of .* must be from 0 to 1, got 1.01"),
        (BORED, {"env_slope": -1}, "env_slope of .* must be at least 0, got -1"),
        (BORED, {"diversity_penalty": 0.0}, "diversity_penalty of .* must be at least 1, got 0.0"),
        (BORED, {"rel_threshold": "high"}, "rel_threshold of .* must be a number, or None, got 'high'"),
        (BORED, {"rel_penalty": 2}, "rel_penalty of .* must be a bool, such as False, got 2"),
        (BORED, {"env_embedds": None}, "env_embedds of .* must be a str, such as 'item_embeddings_.*', got None"),
        (BORED, {"num_topics": 5}, r"num_items and num_topics must be .*\(1000, 10\), got \(1000, 5\)"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_world_vec(name, 2, **settings)


def test_numbers_of_numpy_are_numbers() -> None:
    plain: dict[str, Any] = {"env_omega": 0.5, "env_slope": 10, "episode_length": 7, "rel_penalty": True}
    kinds: dict[str, Any] = dict(zip(plain, (np.float32, np.int64, np.int32, np.bool_), strict=True))
    numpys = {name: kinds[name](value) for name, value in plain.items()}
    np.testing.assert_array_equal(*(_rewards(make_world_vec(BORED, 4, **s), 3, 7) for s in (plain, numpys)))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sardine", None)
    with pytest.raises(ImportError, match=r'pip install "drr_tutorial\[worlds\]"'):
        make_world_vec(BORED, 2)


def test_who_does_not_ask_for_sardine_does_not_load_it() -> None:
    code = "import sys, drr_tutorial.worlds.make; print('sardine' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert answer.strip() == "False"


def _rewards(env: Any, seed: int | None = None, n: int = 40) -> np.ndarray[Any, Any]:
    """Rewards of n steps of who knows everything and never thinks of boredom."""
    if seed is not None:
        env.reset(seed=seed)
    return np.array([env.step(env.sessions.users.chances().argmax(axis=1))[1] for _ in range(n)])

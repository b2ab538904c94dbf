"""The agent's own part: how it divides the training data, what it does with dislikes, how much it keeps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from drr_tutorial.config import PRESETS, ExperimentConfig
from drr_tutorial.config.presets import DEFAULT, NEXT, PAPER
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import Split
from drr_tutorial.environment.rewards import REWARDS
from drr_tutorial.evaluation.tasks import ranking_task
from drr_tutorial.recommenders.dislikes_last import dislikes_last
from drr_tutorial.recommenders.drr import DRRRecommender, _moved_on
from drr_tutorial.recommenders.validation import _task
from drr_tutorial.representation.embeddings import scaled


def small(config: ExperimentConfig) -> ExperimentConfig:
    return replace(
        config,
        embedding=replace(config.embedding, n_factors=8, n_iterations=3),
        environment=replace(config.environment, num_envs=16),
        agent=replace(config.agent, actor_lr=1e-3),
        training=replace(config.training, passes=4.0, batch_size=64, steps_per_update=64, evaluations=4),
    )


@pytest.fixture(scope="module")
def agent(synthetic: Ratings) -> DRRRecommender:
    return DRRRecommender(small(DEFAULT), progress=False).fit(synthetic)


def pairs(ratings: Ratings) -> set[tuple[int, int]]:
    return set(zip(ratings.users.tolist(), ratings.items.tolist(), strict=True))


def test_parts_share_no_like_and_dislikes_are_known(synthetic: Ratings) -> None:
    parts = DRRRecommender(DEFAULT)._divide(synthetic)
    assert not pairs(parts["known"]) & pairs(parts["rewarded"])
    assert not pairs(parts["others"]) & pairs(parts["validation"])
    assert pairs(parts["known"]) | pairs(parts["rewarded"]) == pairs(parts["others"])
    assert (parts["rewarded"].ratings > 3).all()
    assert (parts["validation"].ratings > 3).all()
    assert np.count_nonzero(parts["known"].ratings <= 3) == np.count_nonzero(synthetic.ratings <= 3)


@pytest.mark.parametrize("reward", ["centred", "harsh"])
def test_dislikes_that_cost_something_are_divided_as_likes_are(
    reward: str, synthetic: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the reward of this package, and by one of the reader's own."""
    monkeypatch.setitem(REWARDS, "harsh", lambda stars, scale: np.where(scale.liked(stars), 1, -1).astype(np.float32))
    config = replace(DEFAULT, environment=replace(DEFAULT.environment, reward=reward))
    parts = DRRRecommender(config)._divide(synthetic)
    assert not pairs(parts["known"]) & pairs(parts["rewarded"])
    assert pairs(parts["known"]) | pairs(parts["rewarded"]) == pairs(parts["others"])
    n_disliked, share = np.count_nonzero(~synthetic.liked), config.training.reward_share
    assert np.count_nonzero(~parts["rewarded"].liked) == round(share * n_disliked)
    assert np.count_nonzero(~parts["known"].liked) == n_disliked - round(share * n_disliked)


@pytest.mark.parametrize("reward", ["binary", "centred"])
def test_where_all_is_rewarded_all_is_known(reward: str, synthetic: Ratings) -> None:
    """What was rated low makes the vectors, too: PMF of likes alone would know no difference."""
    config = replace(PAPER, environment=replace(PAPER.environment, reward=reward))
    parts = DRRRecommender(config)._divide(synthetic)
    assert pairs(parts["known"]) == pairs(parts["rewarded"]) == pairs(parts["others"])
    assert np.count_nonzero(~parts["known"].liked) == np.count_nonzero(~synthetic.liked) > 0


def test_an_actor_without_a_warm_start_keeps_the_vectors_that_it_learned_with(synthetic: Ratings) -> None:
    config = replace(small(PAPER), embedding=replace(PAPER.embedding, n_factors=8, n_iterations=3))
    agent = DRRRecommender(config, progress=False).fit(synthetic)
    theirs = scaled(agent._pretrain(agent._divide(synthetic)["known"], None))
    np.testing.assert_array_equal(agent.networks.item_vectors().numpy(), theirs[1])


@pytest.mark.parametrize("name", PRESETS)
def test_the_target_networks_follow_within_the_budget(name: str) -> None:
    """Of what they were born as, a twentieth is left at most."""
    config = PRESETS[name]
    n_likes = {"ml-100k": 55_375, "ml-1m": 571_704}[config.dataset] * 0.8 * (1 - config.training.validation_share)
    steps = config.training.passes * n_likes * config.training.reward_share
    assert (1 - config.agent.tau) ** (steps / config.training.steps_per_update) < 0.05


def test_an_unknown_state_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match=r"AgentConfig\.state must be one of drr-p, .*, got 'drr-x'; one of your own"):
        DRRRecommender(replace(DEFAULT, agent=replace(DEFAULT.agent, state="drr-x")))
    with pytest.raises(ValueError, match=r"^EnvironmentConfig\.reward must be one of binary, .*, got 'applause'"):
        DRRRecommender(replace(DEFAULT, environment=replace(DEFAULT.environment, reward="applause")))


@pytest.mark.parametrize("config", [3, None, {"seed": 1}, DEFAULT.agent, ExperimentConfig])
def test_what_is_no_config_is_refused(config: object) -> None:
    with pytest.raises(TypeError, match=r"^config must be an ExperimentConfig or one of \['default', .*\], got "):
        DRRRecommender(config)  # type: ignore[arg-type]


def test_the_latest_likes_are_held_back_first(synthetic: Ratings) -> None:
    rows = DRRRecommender(NEXT)._divide(synthetic)
    newest = {u: synthetic.timestamps[(synthetic.users == u) & (synthetic.ratings > 3)].max() for u in range(20)}
    for user in range(20):
        later, earlier = (
            rows[name].timestamps[(rows[name].users == user) & (rows[name].ratings > 3)]
            for name in ("rewarded", "known")
        )
        assert not len(later) or later.min() >= earlier.max()
    held = rows["validation"]
    assert all(held.timestamps[held.users == u].max(initial=newest[u]) == newest[u] for u in range(20))


def test_holding_back_the_latest_needs_times(synthetic: Ratings) -> None:
    with pytest.raises(DataError, match="hold_back='latest' needs timestamps"):
        DRRRecommender(NEXT)._divide(replace(synthetic, timestamps=None))


def test_what_was_disliked_is_scored_last(agent: DRRRecommender, synthetic: Ratings) -> None:
    scores = agent.scores(synthetic.user_ids)
    disliked = synthetic.select(synthetic.ratings <= 3).matrix().toarray() > 0
    assert disliked.any()
    for row, bad in zip(scores, disliked, strict=True):
        assert not bad.any() or row[bad].max() < row[~bad].min()
    assert np.isfinite(scores).all()


def test_dislikes_last_keeps_all_other_orders() -> None:
    scores = np.array([[3.0, 1.0, 2.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    disliked = csr_array(np.array([[1, 0, 0], [0, 1, 1]], dtype=np.float32))
    after = dislikes_last(scores, disliked)
    assert after[0].argsort().tolist() == [0, 1, 2]
    assert after[1, 0] > after[1, 1] == after[1, 2]
    assert scores[0, 0] == 3  # the given array stays
    nothing = csr_array(np.zeros((2, 3), dtype=np.float32))
    assert dislikes_last(scores, nothing) is scores


def test_before_training_is_the_warm_start(agent: DRRRecommender, synthetic: Ratings) -> None:
    untrained = agent.before_training()
    assert np.abs(agent.scores([1]) - untrained.scores([1])).max() > 0
    vectors = agent.embeddings
    expected = vectors.users @ vectors.items.T
    liked = synthetic.matrix().toarray() == 0  # dislikes are moved, so look at what was not rated
    for user in range(5):
        order = np.argsort(expected[user][liked[user]])
        assert np.all(np.diff(untrained.scores(synthetic.user_ids[[user]])[0][liked[user]][order]) > -1e-3)


def test_no_before_training_without_a_warm_start() -> None:
    config = replace(DEFAULT, agent=replace(DEFAULT.agent, correction="gates", warm_start=False))
    with pytest.raises(ValueError, match="before_training needs agent.warm_start=True"):
        DRRRecommender(config).before_training()


def test_the_share_that_is_kept_is_the_one_that_validates_best(synthetic: Ratings) -> None:
    config = small(DEFAULT)
    shares = {}
    for share in (0.25, 1.0):
        only = replace(config, training=replace(config.training, correction_shares=(share,)))
        agent = DRRRecommender(only, progress=False).fit(synthetic)
        assert agent.correction_share == share
        assert max(entry["hit"] + entry["dcg"] for entry in agent.history[1:]) > sum(agent.history[0].values())
        shares[share] = agent.networks.actor.layers[-1].output.detach().numpy()
    np.testing.assert_allclose(shares[0.25], 0.25 * shares[1.0], rtol=1e-4, atol=1e-7)


def test_in_a_session_the_memory_of_a_known_user_moves_on(agent: DRRRecommender, synthetic: Ratings) -> None:
    """Own vector, and the likes of the session after those that were remembered; dislikes stay last."""
    users, size = np.array([3, 8, 5]), agent._config.agent.memory_size
    new = [np.flatnonzero(synthetic.matrix()[[user]].toarray()[0] == 0) for user in users]
    liked = [new[0][[7, 2]], new[1][:0], new[2][[9, 4, 1, 6, 8, 3, 0]]]  # fewer than the memory holds, none, more
    session = csr_array(
        (np.ones(9, np.float32), np.concatenate(liked).astype(np.int32), [0, 2, 2, 9]), (3, synthetic.n_items)
    )
    memory = np.array([[*agent.memory[u], *items][-size:] for u, items in zip(users, liked, strict=True)])
    expected = agent._scores(agent.networks.users.weight[users], memory)
    expected = dislikes_last(expected, agent._disliked[users])
    np.testing.assert_array_equal(agent.scores_in_session(synthetic.user_ids[users], session), expected)


def test_a_memory_that_is_not_full_keeps_its_padding_on_the_left() -> None:
    memory, latest = np.array([[9, 9, 1], [9, 1, 2], [9, 9, 9]]), np.array([[9, 9, 4], [9, 4, 5], [9, 9, 9]])
    assert _moved_on(memory, latest, 9).tolist() == [[9, 1, 4], [2, 4, 5], [9, 9, 9]]


def test_validation_lists_are_of_what_was_not_liked(synthetic: Ratings) -> None:
    liked = synthetic.positives()
    known, held_back = liked.select(np.arange(len(liked)) % 5 > 0), liked.select(np.arange(len(liked)) % 5 == 0)
    task = _task(known, held_back, seed=3)
    split = Split(
        "all", liked, *np.split(np.argsort(np.arange(len(liked)) % 5 == 0, kind="stable"), [len(known), len(known)])
    )
    assert len(task.users) == len(held_back) and (np.diff(task.users) >= 0).all()
    assert not liked.matrix().toarray()[task.users[:, None], task.negatives].any()
    assert pairs(held_back) == set(zip(task.users.tolist(), task.items.tolist(), strict=True))
    assert task.fingerprint == ranking_task(split, "unseen", seed=3).fingerprint

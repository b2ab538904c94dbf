"""Features of items and traces of what was shown, against plain Python loops."""

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import PRESETS
from drr_tutorial.representation.features import PRODUCTS_UP_TO, features, n_features
from drr_tutorial.representation.traces import Traces

K, N, U, N_ITEMS = 3, 4, 2, 5


def catalogue(k: int = K, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(N_ITEMS, k)).astype(np.float32)


def module(user_dim: int | None = U, k: int = K) -> Traces:
    made = Traces(k, N, torch.Generator().manual_seed(0), user_dim=user_dim)
    made.read(catalogue(k))
    return made


def seen(m: int = 3, u: int = U) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Users, items and answers; the first places are padding."""
    rng = np.random.default_rng(1)
    answers = rng.choice([-1, 1], size=(m, N))
    answers[:, 0] = 0
    items = catalogue()[rng.integers(N_ITEMS, size=(m, N))] * (answers != 0)[:, :, None]
    user = torch.from_numpy(rng.normal(size=(m, u)).astype(np.float32))
    return user, torch.from_numpy(items), torch.from_numpy(answers)


@pytest.mark.parametrize("k", [2, 3, PRODUCTS_UP_TO])
def test_features_are_the_entries_and_twice_their_products_with_the_last(k: int) -> None:
    vector = catalogue(k)[0].tolist()
    expected = [*vector, *(2 * entry * vector[-1] for entry in vector[:-1])]
    torch.testing.assert_close(features(torch.tensor(vector)), torch.tensor(expected))
    assert len(expected) == n_features(k)


def test_long_vectors_are_their_own_features() -> None:
    vectors = torch.from_numpy(catalogue(PRODUCTS_UP_TO + 1))
    assert torch.equal(features(vectors), vectors)
    assert n_features(PRODUCTS_UP_TO + 1) == PRODUCTS_UP_TO + 1


def by_hand(vector: list[float]) -> list[float]:
    return [*vector, *(2 * entry * vector[-1] for entry in vector[:-1])]


def test_the_state_is_the_sums_of_its_formula() -> None:
    user, items, answers = seen()
    spread = np.array([by_hand(vector) for vector in catalogue().tolist()]).std(axis=0)
    for row, state in enumerate(module()(user, items, answers).tolist()):
        expected = [3.0 * entry for entry in user[row].tolist()]
        for counts in (lambda answer: answer != 0, lambda answer: answer > 0):
            for decay in (0.5, 0.85, 0.98):
                for entry in range(n_features(K)):
                    total = 0.0
                    for place in range(N):
                        if counts(answers[row, place]):
                            total += decay ** (N - 1 - place) * by_hand(items[row, place].tolist())[entry]
                    expected.append(1.5 * (1 - decay) * total / spread[entry])
        expected += [int((answers[row] != 0).sum()) / 25, int((answers[row] > 0).sum()) / 25]
        np.testing.assert_allclose(state, expected, rtol=1e-4, atol=1e-5)


def test_scales_come_from_the_catalogue_and_not_from_what_is_seen() -> None:
    made = module()
    before = made.scale.clone()
    made(*seen())
    assert torch.equal(made.scale, before)
    made.read(10 * catalogue())
    torch.testing.assert_close(made.scale[:, :K], before[:, :K] / 10)  # products grow a hundredfold
    assert not made.state_dict()


def test_what_all_items_share_makes_no_infinite_scale() -> None:
    made = Traces(2, N, torch.Generator(), user_dim=0)
    made.read(np.ones((N_ITEMS, 2), dtype=np.float32))
    assert not made.scale.any()
    made.read(np.column_stack([np.linspace(-1, 1, N_ITEMS), np.full(N_ITEMS, 0.1)]).astype(np.float32))
    assert made.scale[:, [0, 2]].all() and not made.scale[:, 1].any()  # rounding of 0.1 is no difference


def test_a_like_a_dislike_and_nothing_are_three_things() -> None:
    user, item = torch.zeros(3, U), torch.from_numpy(catalogue()[:1])
    items, answers = torch.zeros(3, N, K), torch.zeros(3, N, dtype=torch.int64)
    items[:2, -1], answers[0, -1], answers[1, -1] = item, 1, -1
    liked, disliked, nothing = module()(user, items, answers)
    shown = slice(U, U + 3 * n_features(K))
    assert torch.equal(liked[shown], disliked[shown]) and liked[shown].abs().sum() > 0
    assert not torch.equal(liked, disliked)
    assert nothing.abs().sum() == 0


def test_the_order_of_what_was_shown_matters() -> None:
    user, items, answers = seen(1)
    full = torch.ones_like(answers)
    assert not torch.allclose(module()(user, items, full), module()(user, items.flip(1), full))


def test_a_batch_is_its_rows() -> None:
    made, batch = module(), seen(5)
    rows = torch.cat([made(*(part[row : row + 1] for part in batch)) for row in range(5)])
    torch.testing.assert_close(made(*batch), rows)


@pytest.mark.parametrize("u", [0, 1, 7])
def test_users_may_have_any_length(u: int) -> None:
    made = module(user_dim=u)
    assert made.state_dim == u + 6 * n_features(K) + 2
    assert made(*seen(u=u)).shape == (3, made.state_dim)
    assert module(user_dim=None).user_dim == K


def test_the_networks_read_answers_out_of_the_memory() -> None:
    """i for a like, n_items for padding, n_items + 1 + i for what was not liked."""
    config = PRESETS["planning"].agent.__class__(**{**vars(PRESETS["planning"].agent), "memory_size": N})
    networks = ActorCritic(config, np.zeros((1, U), np.float32), catalogue(), torch.Generator().manual_seed(0))
    memory = torch.tensor([[N_ITEMS, 2, N_ITEMS + 1 + 2, N_ITEMS + 1]])
    vectors = torch.from_numpy(catalogue())
    items = torch.stack([torch.zeros(K), vectors[2], vectors[2], vectors[0]])[None]
    user = torch.ones(1, U)
    expected = module()(user, items, torch.tensor([[0, 1, -1, -1]]))
    torch.testing.assert_close(networks.see(user, memory).vector, expected)


def test_a_state_of_likes_sees_no_dislikes() -> None:
    agent = PRESETS["simple"].agent
    users = np.ones((1, K), np.float32)
    config = agent.__class__(**{**vars(agent), "memory_size": N})
    networks = ActorCritic(config, users, catalogue(), torch.Generator().manual_seed(0))
    first = networks.see(torch.ones(1, K), torch.tensor([[N_ITEMS, 2, N_ITEMS + 1 + 2, N_ITEMS + 1]]))
    second = networks.see(torch.ones(1, K), torch.tensor([[N_ITEMS, 2, N_ITEMS, N_ITEMS]]))
    assert torch.equal(first.vector, second.vector)


def test_only_traces_take_users_longer_than_items() -> None:
    users = np.ones((1, K + 1), np.float32)
    with pytest.raises(ValueError, match=r"AgentConfig.state must be 'traces' for users of 4 and items of 3 numbers"):
        ActorCritic(PRESETS["simple"].agent, users, catalogue(), torch.Generator().manual_seed(0))

"""The critic that is linear in an item's features, actors of unit length, and all items judged at once."""

from collections.abc import Callable

import pytest
import torch

from drr_tutorial.actor_critic.networks import Actor, AnyCritic, Critic, LinearCritic, State
from drr_tutorial.representation.features import features, n_features

B, M, S, K = 4, 6, 5, 3


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear() -> LinearCritic:
    return LinearCritic(S, K, (8,), generator())


CRITICS: dict[str, Callable[[], AnyCritic]] = {
    "linear": linear,
    "joined": lambda: Critic(S, K, (7,), (8,), generator()),
    "joined, without state layers": lambda: Critic(S, K, (), (8,), generator()),
    "joined, with products": lambda: Critic(S, K, (7,), (8,), generator(), products=True),
}


def states() -> State:
    random = generator(1)
    return State(torch.randn(B, S, generator=random), torch.rand(B, K, generator=random) - 0.5)


@pytest.mark.parametrize("name", CRITICS)
@pytest.mark.parametrize("shape", [(M, K), (B, M, K)])
def test_all_items_at_once_are_each_pair_alone(name: str, shape: tuple[int, ...]) -> None:
    critic, state = CRITICS[name](), states()
    vectors = torch.randn(*shape, generator=generator(2))
    found = critic.over_items(state, vectors)
    assert found.shape == (B, M)
    for item in range(M):
        one = vectors[item].expand(B, K) if len(shape) == 2 else vectors[:, item]
        torch.testing.assert_close(found[:, item], critic(state, one))


def test_it_is_a_value_of_the_state_and_a_weighted_sum_of_features() -> None:
    critic, state = linear(), states()
    vectors = torch.randn(B, K, generator=generator(2))
    output = critic.layers(state.vector)
    assert output.shape == (B, 1 + n_features(K))
    for row in range(B):
        expected = output[row, 0] + sum(w * f for w, f in zip(output[row, 1:], features(vectors[row]), strict=True))
        torch.testing.assert_close(critic(state, vectors)[row], torch.as_tensor(expected))


@pytest.mark.parametrize("actions", ["unit", "free", "bounded"])
def test_the_actors_end(actions: str) -> None:
    actor = Actor(S, K, (8,), generator(), actions=actions)  # type: ignore[arg-type]
    plain = 5 * actor.layers(states().vector).detach()
    with torch.no_grad():
        actor.layers[-1].weight.mul_(5)  # type: ignore[operator]
        actor.layers[-1].bias.mul_(5)  # type: ignore[operator]
    vectors = actor(states().vector, torch.zeros(B, 0)).detach()
    expected = {"unit": plain / plain.norm(dim=1, keepdim=True), "free": plain, "bounded": torch.tanh(plain)}
    torch.testing.assert_close(vectors, expected[actions])
    if actions == "unit":
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(B))

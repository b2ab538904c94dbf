"""One update of DDPG: its targets in closed form, what each loss may move, and small worlds that must be learned."""

import copy
import dataclasses
from typing import Any, get_args

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from drr_tutorial.actor_critic.networks import ActorCritic, State
from drr_tutorial.config import AgentConfig, StateName
from drr_tutorial.training.ddpg import DDPG, soft_update
from drr_tutorial.training.known_items import KnownItems
from drr_tutorial.training.replay import TransitionBatch

N_USERS, N_ITEMS, K, N = 4, 6, 3, 2
PLAIN = AgentConfig(
    memory_size=N, actor_hidden=(8,), critic_state_hidden=(), critic_hidden=(16,), warm_start=False, critic_sees="action",
    correction="sum", critic_products=False, slate_size=0, gamma=0.8, critic_lr=1e-2, actor_lr=1e-2, state_lr=1e-2,
    temperature=2.0,
)  # fmt: skip
CONSTANTS = {"CRITIC_DECAY": 0.0}


def make(
    known: KnownItems | None = None, embedding_lr: float = 0.0, largest_reward: float = 1.0, **changes: Any
) -> DDPG:
    """With other settings, and other constants of the class, in capitals."""
    constants = CONSTANTS | {name: changes.pop(name) for name in list(changes) if name.isupper()}
    config = dataclasses.replace(PLAIN, **changes)
    rng = np.random.default_rng(0)
    users, items = (rng.uniform(-0.9, 0.9, size=(n, K)).astype(np.float32) for n in (N_USERS, N_ITEMS))
    networks = ActorCritic(config, users, items, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    kind = type("Kind", (DDPG,), constants)
    return kind(networks, config, generator, known=known, embedding_lr=embedding_lr, largest_reward=largest_reward)


def batch(size: int = 32, seed: int = 0, **changes: Any) -> TransitionBatch:
    rng = np.random.default_rng(seed)
    fields = {
        "user": torch.from_numpy(rng.integers(N_USERS, size=size)),
        "memory": torch.from_numpy(rng.integers(N_ITEMS + 1, size=(size, N))),
        "action": torch.from_numpy(rng.uniform(-1, 1, size=(size, K)).astype(np.float32)),
        "item": torch.from_numpy(rng.integers(N_ITEMS, size=size)),
        "reward": torch.from_numpy(rng.integers(2, size=size).astype(np.float32)),
        "next_memory": torch.from_numpy(rng.integers(N_ITEMS + 1, size=(size, N))),
        "terminated": torch.zeros(size),
        "steps": torch.ones(size),
        "weight": torch.ones(size),
        "index": torch.arange(size),
    }
    return TransitionBatch(**{**fields, **changes})


def parameters(module: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in module.parameters()]


def same(module: torch.nn.Module, before: list[torch.Tensor]) -> bool:
    return all(torch.equal(p, b) for p, b in zip(module.parameters(), before, strict=True))


def test_the_target_is_reward_plus_discounted_target_value_unless_terminated() -> None:
    ddpg = make(gamma=0.7)
    transitions = batch(terminated=(torch.arange(32) % 3 == 0).float())
    online = ddpg.online
    next_state = online.see(transitions.user, transitions.next_memory)
    action = ddpg.target_actor(next_state.vector, next_state.prior)
    bootstrap = ddpg.target_critic(next_state, action)
    target_value, expected = ddpg.expected_value(transitions)
    torch.testing.assert_close(target_value, bootstrap)
    alive = 1 - transitions.terminated
    torch.testing.assert_close(expected, transitions.reward + 0.7 * alive * bootstrap)
    assert torch.equal(expected[transitions.terminated == 1], transitions.reward[transitions.terminated == 1])


def test_the_value_n_steps_on_is_discounted_n_times() -> None:
    ddpg = make(gamma=0.7)
    transitions = batch(steps=1.0 + torch.arange(32) % 4, terminated=(torch.arange(32) % 3 == 0).float())
    target_value, expected = ddpg.expected_value(transitions)
    discount = torch.tensor([0.7**n for n in transitions.steps.tolist()])
    torch.testing.assert_close(expected, transitions.reward + discount * (1 - transitions.terminated) * target_value)


def test_the_target_is_clipped() -> None:
    ddpg = make(VALUE_LIMIT=2.0, gamma=0.5)
    _, expected = ddpg.expected_value(batch(reward=torch.full((32,), 30.0)))
    assert (expected == 2).all()


@pytest.mark.parametrize(
    ("gamma", "largest_reward", "limit"),
    [(0.0, 1.0, 10.0), (0.8, 1.0, 10.0), (0.95, 1.0, 20.0), (0.9, 3.0, 30.0), (1.0, 1.0, torch.inf)],
)
def test_no_value_that_can_be_earned_is_clipped(gamma: float, largest_reward: float, limit: float) -> None:
    ddpg = make(gamma=gamma, largest_reward=largest_reward)
    assert ddpg.value_limit == pytest.approx(limit)


def test_without_a_future_nobody_asks_for_it() -> None:
    ddpg = make(gamma=0.0)
    transitions, before = batch(), ddpg.generator.get_state()
    target_value, expected = ddpg.expected_value(transitions)
    assert torch.equal(expected, transitions.reward)
    assert not target_value.any()
    assert torch.equal(before, ddpg.generator.get_state())


WAYS = {
    "action": {"critic_sees": "action"},
    "item": {"critic_sees": "item"},
    "item, slates": {"critic_sees": "item", "slate_size": 12},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_world_of_two_states_with_known_values(way: str) -> None:
    """The policy always shows item 0, for one like a step once the user knows it: Q(B, 0) = 1 / (1 - 0.9).

    Items are long, as item vectors are, and the actor's vector is short: what the target critic says of that vector, where
    it has learned from items, is nothing that it has learned. And 10 may not be clipped to 5.
    """
    config = dataclasses.replace(
        PLAIN, **WAYS[way], warm_start=True, actor_hidden=(), gamma=0.9, tau=0.05, state_lr=0.0,
        critic_hidden=(32,), slate_top=1,
    )  # fmt: skip
    likes_first, items = np.array([[0.9, -0.9]], dtype=np.float32), 8 * np.eye(2, dtype=np.float32)
    networks = ActorCritic(config, likes_first, items, torch.Generator().manual_seed(0))
    kind = type("Kind", (DDPG,), {"VALUE_LIMIT": 5.0, "CRITIC_DECAY": 0.0})
    ddpg = kind(networks, config, torch.Generator().manual_seed(1))
    a, b = [2, 2], [2, 0]  # two states: nothing is known yet (2 pads), and item 0 is
    world = [(a, 0, 0.0, b), (a, 1, 0.5, a), (b, 0, 1.0, b), (b, 1, 0.0, a)]
    known = torch.tensor([9.0, 0.5 + 0.9 * 9, 10.0, 0.9 * 9])
    memory, item, reward, next_memory = (torch.tensor(column) for column in zip(*world, strict=True))
    action = torch.tensor([[0.9, -0.9], [-0.9, 0.9]])[item]
    transitions = batch(
        4,
        user=torch.zeros(4, dtype=torch.long),
        memory=memory,
        item=item,
        reward=reward,
        next_memory=next_memory,
        action=action,
    )
    for _ in range(1500):
        result = ddpg.update(transitions, move_actor=False)
    torch.testing.assert_close(result.value, known, atol=0.1, rtol=0)
    torch.testing.assert_close(result.target_value, torch.tensor([10.0, 9.0, 10.0, 9.0]), atol=0.1, rtol=0)


def test_the_td_error_is_target_minus_value_and_the_loss_its_weighted_square() -> None:
    ddpg = make()
    transitions = batch(weight=torch.linspace(0, 1, 32))
    result = ddpg.update(transitions)
    torch.testing.assert_close(result.td_error, result.expected_value - result.value)
    torch.testing.assert_close(result.value_loss, (transitions.weight * result.td_error**2).mean())


def test_the_critic_sees_the_item_or_the_action() -> None:
    transitions = batch()
    by_item, by_action = make(critic_sees="item"), make(critic_sees="action")
    assert torch.equal(by_item.taken_action(transitions), by_item.online.items(transitions.item))
    assert torch.equal(by_action.taken_action(transitions), transitions.action)


def test_the_policy_loss_moves_the_actor_and_not_the_critic() -> None:
    silent, loud = make(state_lr=0.0), make(state_lr=0.0)
    actor = parameters(silent.online.actor)
    silent.update(batch(), move_actor=False)
    loud.update(batch())
    assert same(silent.online.actor, actor)
    assert not same(loud.online.actor, actor)
    assert same(silent.online.critic, parameters(loud.online.critic))


def test_minus_q_reaches_the_state_only_through_the_action() -> None:
    ddpg = make()
    for layer in ddpg.online.actor.layers:  # an actor that is deaf to the state
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.zeros_(layer.weight)
    transitions = batch()
    state = ddpg.online.see(transitions.user, transitions.memory)
    ddpg.policy_loss(state, ddpg.online.act(state), transitions).backward()  # type: ignore[no-untyped-call]
    gradient = ddpg.online.state.weights.grad
    assert gradient is None or gradient.abs().sum() == 0


def test_fixed_vectors_stay_and_moving_ones_move() -> None:
    for rate, moves in ((0.0, False), (1e-2, True)):
        ddpg = make(embedding_lr=rate)
        before = ddpg.online.items.weight.detach().clone()
        ddpg.update(batch())
        assert torch.equal(ddpg.online.items.weight, before) is not moves
        assert ddpg.online.items.weight[N_ITEMS].abs().sum() == 0  # the padding item never moves


def test_transitions_of_weight_zero_teach_the_critic_nothing() -> None:
    ddpg = make(state_lr=0.0)
    before = parameters(ddpg.online.critic)
    ddpg.update(batch(weight=torch.zeros(32)))
    assert same(ddpg.online.critic, before)


@pytest.mark.parametrize("tau", [0.0, 0.25, 1.0])
def test_soft_update_is_a_weighted_mean(tau: float) -> None:
    target, online = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    expected = [(1 - tau) * t + tau * o for t, o in zip(parameters(target), parameters(online), strict=True)]
    soft_update(list(target.parameters()), list(online.parameters()), tau)
    for parameter, value in zip(target.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter, value)


def test_targets_start_equal_and_follow_slowly() -> None:
    ddpg = make(tau=0.1)
    before = parameters(ddpg.target_critic)
    assert same(ddpg.online.critic, before)
    ddpg.update(batch())
    for target, old, online in zip(
        ddpg.target_critic.parameters(), before, ddpg.online.critic.parameters(), strict=True
    ):
        torch.testing.assert_close(target, 0.9 * old + 0.1 * online)


def test_known_items_are_never_selected() -> None:
    known = np.zeros((N_USERS, N_ITEMS), dtype=np.bool_)
    known[:, :4] = True
    ddpg = make(known=KnownItems(csr_array(known)), critic_sees="item")
    selected = ddpg.log_selected(
        torch.randn(N_USERS, K, generator=torch.Generator().manual_seed(0)),
        torch.arange(N_USERS),
        torch.zeros(N_USERS, 1, dtype=torch.int64),
    )
    assert selected.exp()[:, :4].abs().max() == 0
    torch.testing.assert_close(selected.exp().sum(dim=1), torch.ones(N_USERS))


def test_the_slate_value_is_the_mean_q_of_what_is_selected() -> None:
    """With a sharp temperature the selection is the top of the slate, and the value its mean Q."""
    ddpg = make(critic_sees="item", slate_size=5, slate_top=2, SLATES=8, temperature=1e-5)
    again = make(critic_sees="item", slate_size=5, slate_top=2, SLATES=8, temperature=1e-5)
    transitions = batch()
    state = ddpg.online.see(transitions.user, transitions.memory)
    action = ddpg.online.act(state)
    value = ddpg.slate_value(state, action, transitions)
    slate = torch.randint(N_ITEMS, (8, 5), generator=again.generator)
    slate[:, 0] = transitions.item[:8]
    expected = []
    for row in range(8):
        scores = ddpg.online.items(slate[row]) @ action[row]
        edge = scores.sort(descending=True).values[1:3].mean()  # between the second and the third
        # At zero temperature: 1 above the edge, 0 below, a half on it (where the slate holds an item twice).
        selected = torch.where((scores - edge).abs() < 1e-6, 0.5, (scores > edge).float())
        one = State(*(part[row : row + 1].expand(5, -1) for part in state))
        values = ddpg.online.critic(one, ddpg.online.items(slate[row]))
        expected.append((selected * values).sum() / selected.sum())
    torch.testing.assert_close(value, torch.stack(expected).mean(), atol=1e-4, rtol=1e-3)


def test_the_slate_value_moves_the_action_and_nothing_else() -> None:
    ddpg = make(critic_sees="item", slate_size=5, slate_top=2)
    transitions = batch()
    state = ddpg.online.see(transitions.user, transitions.memory)
    ddpg.slate_value(State(state.vector.detach(), state.prior), ddpg.online.act(state), transitions).backward()
    assert all(p.grad is None for p in ddpg.online.critic.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in ddpg.online.actor.parameters())


def test_an_update_can_leave_the_actor_alone() -> None:
    ddpg = make()
    actor, critic = parameters(ddpg.online.actor), parameters(ddpg.online.critic)
    ddpg.update(batch(), move_actor=False)
    assert same(ddpg.online.actor, actor)
    assert not same(ddpg.online.critic, critic)


def test_one_seed_one_result() -> None:
    first, second = (make(critic_sees="item", slate_size=4, slate_top=2) for _ in range(2))
    for ddpg in (first, second):
        for i in range(5):
            ddpg.update(batch(seed=i))
    assert same(first.online, parameters(second.online))


def test_the_critic_learns_the_value_of_a_known_chain() -> None:
    """Two states, one action's worth: the first step pays nothing, the second pays 1 and ends. Q = gamma, then 1."""
    ddpg = make(gamma=0.5, tau=0.05)
    size = 64
    first = torch.arange(size) % 2 == 0
    empty, full = torch.full((size, N), N_ITEMS), torch.zeros(size, N, dtype=torch.int64)
    memory = torch.where(first[:, None], empty, full)
    action = torch.zeros(size, K)
    with torch.no_grad():
        for layer in (*ddpg.online.actor.layers, *ddpg.target_actor.layers):
            if isinstance(layer, torch.nn.Linear):
                layer.weight.zero_()  # the policy is the zero vector, like the actions in the batch
    transitions = batch(
        size, user=torch.zeros(size, dtype=torch.int64), memory=memory, next_memory=full, action=action,
        reward=(~first).float(), terminated=(~first).float(),
    )  # fmt: skip
    for _ in range(800):
        result = ddpg.update(transitions, move_actor=False)
    torch.testing.assert_close(result.value, torch.where(first, 0.5, 1.0), atol=0.03, rtol=0)


@pytest.mark.parametrize(("critic_sees", "slate_size"), [("item", 0), ("item", 6), ("action", 0)])
@pytest.mark.parametrize("critic_products", [False, True])
def test_a_bandit_is_solved(critic_sees: str, slate_size: int, critic_products: bool) -> None:
    """Each user likes one item and only that. From random play the policy must find it for every user."""
    liked = torch.tensor([0, 1, 2, 3])
    ddpg = make(
        critic_sees=critic_sees,
        gamma=0.0,
        temperature=0.3,
        actor_lr=3e-3,
        critic_lr=1e-2,
        critic_hidden=(64,),
        actor_hidden=(32,),
    )
    vectors = torch.cat([torch.eye(K), -torch.eye(K)])
    with torch.no_grad():
        ddpg.online.items.weight[:N_ITEMS] = vectors
        ddpg.online.users.weight.copy_(torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]))
    rng = np.random.default_rng(0)
    for i in range(500):
        drawn = batch(64, seed=i)
        action = torch.from_numpy(rng.uniform(-1, 1, size=(64, K)).astype(np.float32))
        item = (action @ vectors.T).argmax(dim=1)
        nothing = torch.full((64, N), N_ITEMS)
        reward = (item == liked[drawn.user]).float()
        ddpg.update(drawn._replace(action=action, item=item, reward=reward, memory=nothing, next_memory=nothing))
    online = ddpg.online
    chosen = (online.act(online.see(torch.arange(N_USERS), torch.full((N_USERS, N), N_ITEMS))) @ vectors.T).argmax(
        dim=1
    )
    assert chosen.tolist() == liked.tolist()


def test_the_target_networks_get_no_gradient() -> None:
    ddpg = make()
    before = copy.deepcopy(ddpg.target_critic.state_dict())
    ddpg.config = dataclasses.replace(ddpg.config, tau=0.0)
    ddpg.update(batch())
    assert all(torch.equal(value, before[name]) for name, value in ddpg.target_critic.state_dict().items())
    assert all(p.grad is None for p in ddpg.target_critic.parameters())


def test_a_step_moves_the_actor_about_as_far_whatever_the_state() -> None:
    """The state representations differ in length, fivefold here, and what Adam moves adds up over the inputs."""
    moved = {}
    for state in get_args(StateName):
        ddpg = make(state=state, warm_start=True, actor_hidden=(), critic_sees="item", memory_size=5, actor_lr=1e-4)
        ddpg.online.items.weight.data.mul_(
            1 / ddpg.online.item_vectors().std()
        )  # entries as large as those of `scaled`
        rng = torch.Generator().manual_seed(0)
        memory = torch.randint(N_ITEMS, (32, 5), generator=rng)
        transitions = batch(memory=memory, next_memory=memory)
        before = ddpg.online.act(ddpg.online.see(transitions.user, memory)).detach()
        ddpg.update(transitions)
        moved[state] = float(
            (ddpg.online.act(ddpg.online.see(transitions.user, memory)).detach() - before).abs().mean()
        )
    assert max(moved["drr-p"], moved["drr-u"]) < 2 * moved["drr-ave"], moved

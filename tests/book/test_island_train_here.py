"""Train it here: the page's world, state, losses, gradients and update are those of the package and of "The whole agent"."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drr_tutorial.worlds.planning import PlanningUsers, PlanningWorld
from tests.book import islands
from tests.book.test_whole_agent import cells

M, BATCH, HIDDEN, RATE = 8, 40, 12, 1.5e-3
BUGS = ({}, {"moving": True}, {"pleased": True}, {"moving": True, "pleased": True})
AGENT = """(count, hidden = 12) => { const items = drr.wholeAgent.itemsOf(drr.data.planning);
  return drr.wholeAgent.agent(items, {stateSize: 110, hidden, most: count, softness: 0.05, follow: 0.01}, drr.random(0)); }"""


@pytest.fixture(scope="module")
def page(browser: Any, island_pages: Path) -> Iterator[Any]:
    page, wrong = islands.open_island(browser, island_pages, "train-here", viewport={"width": 1000, "height": 900})
    page.evaluate(f"() => {{ window.makeAgent = {AGENT}; }}")
    yield page
    page.context.close()
    assert not wrong


@pytest.fixture
def book() -> dict[str, Any]:
    """What the blocks of "The whole agent" define, fresh."""
    names: dict[str, Any] = {}
    for source in cells("whole-agent")[:-1]:
        exec(source, names)  # the page's own lines
    return names


@pytest.fixture
def small(book: dict[str, Any]) -> dict[str, Any]:
    """The same with networks of `HIDDEN`, quick to hand over, and slow copies that differ, as after some training."""
    torch.manual_seed(2)
    sizes = [[(110, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, last)] for last in (9, 18)]
    online, slow = (
        torch.nn.ModuleList(
            torch.nn.Sequential(*sum(((torch.nn.Linear(*size), torch.nn.ReLU()) for size in each), ())[:-1])
            for each in sizes
        )
        for _ in range(2)
    )
    book.update(online=online, slow=slow, actor=online[0], critic=online[1])
    book["optimizer"] = torch.optim.Adam(online.parameters(), lr=RATE)
    return book


def test_a_thousand_random_steps_are_the_packages(page: Any) -> None:
    """Chances, boredom and interest of users who meet the same items with the same answers."""
    rng, theirs = np.random.default_rng(0), PlanningUsers(PlanningWorld(), M)
    theirs.arrive(np.arange(M), [np.random.default_rng(seed) for seed in range(M)])
    items, luck = rng.integers(200, size=(1000, M)), rng.random((1000, M))
    chances, leaves = np.zeros((2, 1000, M))
    taste = theirs.taste.copy()
    for step, (item, lucky) in enumerate(zip(items, luck, strict=True)):
        chances[step] = theirs.chance(item)
        liked = lucky < chances[step]
        theirs.see(item, liked)
        leaves[step] = theirs.leave_chance(liked)
    found = page.evaluate(
        """([taste, items, luck]) => { const users = drr.planningUsers(drr.data.planning, taste.length);
          taste.forEach((one, place) => users.arrive(place, null, one));
          const chances = items.map((row, step) => row.map((item, place) => { const p = users.chance(place, item);
            const low = users.step(place, item, luck[step][place], 0.05); return [p, +low.left]; }));
          return {chances, boredom: [...users.boredom], interest: [...users.interest]}; }""",
        [taste.tolist(), items.tolist(), luck.tolist()],
    )
    assert np.array(found["chances"])[..., 0] == pytest.approx(chances, abs=1e-6)
    assert np.array_equal(np.array(found["chances"])[..., 1], leaves > 0.05)
    assert np.reshape(found["boredom"], (M, 8)) == pytest.approx(theirs.boredom, abs=1e-6)
    assert np.reshape(found["interest"], (M, 8)) == pytest.approx(theirs.interest, abs=1e-6)
    assert np.linalg.norm(theirs.interest, axis=1).max() > 1  # something grew


def test_states_are_those_of_the_whole_agent(page: Any, book: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    items, liked = rng.integers(200, size=(30, M)), rng.random((30, M)) < 0.4
    taste, *_, traces = book["start"](M)
    for item, answer in zip(items, liked, strict=True):
        traces = book["remember"](traces, torch.from_numpy(item), torch.from_numpy(answer).float())
    found = page.evaluate(
        """([taste, items, liked]) => { const m = taste.length, users = drr.planningUsers(drr.data.planning, m);
          const memory = drr.wholeAgent.memory(drr.wholeAgent.itemsOf(drr.data.planning), drr.data.planning, m);
          const states = new Float64Array(m * 110);
          taste.forEach((one, place) => { users.arrive(place, null, one);
            items.forEach((row, step) => memory.remember(place, row[place], +liked[step][place]));
            memory.see(place, users, states, place); });
          return [...states]; }""",
        [taste.tolist(), items.tolist(), liked.tolist()],
    )
    assert np.reshape(found, (M, 110)) == pytest.approx(book["see"](taste, traces).numpy(), abs=1e-4)


def flat(network: torch.nn.Module) -> list[float]:
    return torch.cat([one.detach().flatten() for one in network.parameters()]).tolist()


def batch_of() -> list[torch.Tensor]:
    torch.manual_seed(3)
    reward, discount = 3 * torch.rand(BATCH), 0.8 * (torch.rand(BATCH) < 0.8).float()
    return [torch.randn(BATCH, 110), torch.randint(200, (BATCH,)), reward, discount, torch.randn(BATCH, 110)]


def losses_with(book: dict[str, Any], batch: list[torch.Tensor], bugs: dict[str, bool]) -> Any:
    """As the page's `losses`, with the clinic's bugs written in autograd."""
    s, item, reward, discount, then = batch
    act, values, select, (actor, critic) = book["act"], book["values"], book["select"], book["online"]
    nets = book["online"] if bugs.get("moving") else book["slow"]
    with torch.set_grad_enabled(bool(bugs.get("moving"))):
        y = reward + discount * (select(act(nets[0], then)) * values(nets[1], then)).sum(dim=1)
    q = values(critic, s)
    chosen = select(act(actor, s)) * (q if bugs.get("pleased") else q.detach())
    return (y - q.gather(1, item[:, None]).squeeze(1)).pow(2).mean(), -chosen.sum(dim=1).mean()


HAND_OVER = """([weights, parts, bugs, update]) => { const n = parts[1].length, agent = makeAgent(n);
  const nets = [...agent.actors, ...agent.critics];
  nets.forEach((net, place) => net.weights.set(weights[place]));
  const [s, item, reward, discount, then] = parts.map(part => Float64Array.from(part));
  const batch = {n, s, item, reward, discount, then};
  const found = update ? agent.update(batch, 0.0015, bugs) : agent.losses(batch, bugs);
  return {...found, gradients: [agent.actors[0], agent.critics[0]].map(net => [...net.gradients]),
    weights: nets.map(net => [...net.weights])}; }"""


def handed_over(
    page: Any, small: dict[str, Any], batch: list[torch.Tensor], bugs: dict[str, bool], update: bool
) -> Any:
    (actor, critic), (slow_actor, slow_critic) = small["online"], small["slow"]
    weights = [flat(network) for network in (actor, slow_actor, critic, slow_critic)]
    return page.evaluate(HAND_OVER, [weights, [part.flatten().tolist() for part in batch], bugs, update])


@pytest.mark.parametrize("bugs", BUGS, ids=lambda bugs: "-".join(bugs) or "healthy")
def test_losses_and_gradients_are_autograds(page: Any, small: dict[str, Any], bugs: dict[str, bool]) -> None:
    batch = batch_of()
    losses = losses_with(small, batch, bugs)
    if not bugs:
        assert [one.item() for one in losses] == [one.item() for one in small["losses"](*batch)]
    sum(losses).backward()
    found = handed_over(page, small, batch, bugs, update=False)
    assert found["criticLoss"] == pytest.approx(losses[0].item(), rel=1e-4)
    assert found["actorLoss"] == pytest.approx(losses[1].item(), rel=1e-4, abs=1e-5)
    for network, gradients in zip(small["online"], found["gradients"], strict=True):
        expected = torch.cat([one.grad.flatten() for one in network.parameters()]).numpy()
        assert np.abs(gradients - expected).max() < 1e-4 * np.abs(expected).max()


def test_an_update_gives_the_same_weights(page: Any, small: dict[str, Any]) -> None:
    """Adam divides a gradient by its size, so weights whose gradient is nearly 0 tell float32 from float64: most agree."""
    batch = batch_of()
    found = handed_over(page, small, batch, {}, update=True)
    small["update"](batch)
    expected = [flat(network) for pair in zip(small["online"], small["slow"], strict=True) for network in pair]
    for mine, theirs in zip(found["weights"], expected, strict=True):
        difference = np.abs(np.subtract(mine, theirs))
        assert np.quantile(difference, 0.99) < 1e-5 and difference.max() < 2 * RATE

"""Train it here: the page's world, state, losses, gradients and update are those of the package and of "The whole agent"."""

import os
import re
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


def test_the_agent_learns_what_is_rewarded(page: Any) -> None:
    """Only items of the first topic are liked, whatever the state: soon it shows nothing else, and expects 1."""
    found = page.evaluate("""() => { const n = 64, agent = makeAgent(n, 24), random = drr.random(1), size = n * 110;
      const draw = () => Float64Array.from({length: size}, random.normal), batch = drr.replay.batch(n, 110);
      for (let step = 0; step < 300; step += 1) {
        batch.s.set(draw());
        for (let row = 0; row < n; row += 1) { batch.item[row] = random.integer(200); batch.reward[row] = +(batch.item[row] % 8 === 0); }
        agent.update(batch, 0.005, {});
      }
      const states = draw(), actions = agent.act(states, n), items = Array.from({length: n}, (_, row) => agent.nearest(actions, row));
      const q = agent.values(states, n);
      return [items.filter(item => item % 8 === 0).length / n, items.reduce((sum, item, row) => sum + q[row * 200 + item] / n, 0)]; }""")
    assert found[0] > 0.9 and found[1] == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(
    ("bugs", "left", "summed", "follows"),
    [
        ({}, False, 1 + 0.25, 0.125),
        ({}, True, 1 + 0.25, 0),
        ({"endless": True}, True, 1 + 0.25, 0.125),
        ({"paid": True}, False, 1, 0),
        ({"paid": True}, True, 1, 0),
    ],
)
def test_rewards_in_a_row_and_what_the_bugs_make_of_them(
    page: Any, bugs: dict[str, bool], left: bool, summed: float, follows: float
) -> None:
    """A like, a dislike, a like, with gamma 1/2. What stands in the done slot cuts, be it an end or a reward."""
    steps = [{"liked": liked} for liked in (1, 0, 1)]
    found = page.evaluate("([steps, left, bugs]) => drr.training.addUp(steps, left, 0.5, bugs)", [steps, left, bugs])
    assert found == [summed, follows]


def test_where_a_reward_stands_in_the_done_slot_an_end_is_none(page: Any) -> None:
    steps = [{"liked": 0}, {"liked": 0}]
    assert page.evaluate("steps => drr.training.addUp(steps, true, 0.5, {paid: true})", steps) == [0, 0.25]


def test_greed_in_the_page_earns_what_is_known_of_it(page: Any) -> None:
    """Of 800 users; and the same user meets the same luck, however many others there are."""
    found = page.evaluate("""() => { const {sessions, greed, finish} = drr.evaluation, rules = drr.data.planning;
      const play = count => finish(sessions(rules, count, 1, greed(rules)));
      return [play(800).likes, play(3).session, play(1).session, rules.bounds.myopic]; }""")
    assert found[0] == pytest.approx(found[3], abs=1.5)
    assert found[1] == found[2]


def test_the_ring_keeps_the_latest_and_draws_whole_transitions(page: Any) -> None:
    found = page.evaluate("""() => { const ring = drr.replay(2), batch = drr.replay.batch(500, 2), random = drr.random(0);
      for (let n = 0; n < 50000; n += 1) ring.store([n, n], n % 200, n % 7, n % 3, [n + 1, n + 1]);
      ring.draw(batch, random);
      return [...batch.item].map((item, row) => [batch.s[2 * row], batch.then[2 * row + 1], item, batch.reward[row], batch.discount[row]]); }""")
    numbers = {int(row[0]) for row in found}
    assert len(numbers) > 450 and min(numbers) >= 10000
    assert all([n, n + 1, n % 200, n % 7, n % 3] == row for row in found for n in [int(row[0])])


def busy() -> bool:
    """Whether others keep the machine at work: times would be theirs."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > (os.cpu_count() or 1) + 1


def test_a_reader_trains_changes_something_and_stops(browser: Any, island_pages: Path) -> None:
    """While it trains the page answers; how quickly can be said where nothing else keeps the machine busy."""
    page, wrong = islands.open_island(browser, island_pages, "train-here", viewport={"width": 390, "height": 800})
    stage = islands.live(page)
    stage.get_by_label("gamma: look-ahead").press("ArrowLeft")
    stage.get_by_label("case 3: what follows an end counts").press("Space")
    stage.get_by_role("button", name="Train").press("Enter")
    stage.get_by_text("Step 0 of").wait_for()
    waits = page.evaluate("""async () => { const waits = [];
      for (let n = 0; n < 20; n += 1) { const began = performance.now();
        await new Promise(done => setTimeout(done)); waits.push(performance.now() - began); }
      return waits.sort((a, b) => a - b); }""")
    stage.get_by_role("button", name="Stop").press("Enter")
    said = stage.locator(".island-status").inner_text()
    curves = stage.locator(".island-legend li").all_inner_texts()
    stage.get_by_role("button", name="Clear the curves").press("Enter")
    left = stage.locator("path.island-line").count()
    picture = stage.locator("svg[role=img]").nth(1).get_attribute("aria-label")
    page.context.close()
    assert (waits[10] < 50 or busy()) and not wrong
    assert said.startswith("Stopped. Step ") and "likes a session" in said
    assert curves[-1] == "gamma 0.94, case 3; training 1" and left == 0
    assert picture is not None and picture.startswith("The session of one user with the agent after ")


def test_a_training_goes_on_when_curves_are_cleared_and_a_new_one_says_nothing_of_the_last(
    browser: Any, island_pages: Path
) -> None:
    page, wrong = islands.open_island(browser, island_pages, "train-here")
    stage = islands.live(page)
    bar = stage.locator("progress")
    curves = stage.locator(".island-legend li", has_text="training ")
    stage.get_by_role("button", name="Train").click()
    stage.get_by_text("Step 150 of").wait_for(timeout=300_000)  # a busy machine is slow
    stage.get_by_role("button", name="Stop").click()
    both = stage.get_by_role("button", name="Train anew").evaluate("""button => { button.click();
      const said = button.closest(".island").querySelector(".island-status"), begun = said.textContent; button.click();
      return [begun, said.textContent]; }""")
    assert both == ["Training has begun.", "Stopped. Training has begun."] and bar.get_attribute("value") == "0"
    stage.get_by_role("button", name="Train anew").click()
    stage.get_by_text("Step 0 of").wait_for()
    assert curves.all_inner_texts() == [f"as it is; training {n}" for n in (1, 2, 3)]
    stage.get_by_role("button", name="Clear the curves").click()
    stage.get_by_text("Step 150 of").wait_for(timeout=300_000)  # a busy machine is slow
    assert curves.all_inner_texts() == ["as it is; training 3"] and "L" in curve_of(stage)
    assert not wrong
    page.context.close()


def test_time_on_another_page_is_no_time_of_the_training(browser: Any, island_pages: Path) -> None:
    """A browser keeps a page that is left, and wakes it when the reader comes back: its clock has gone on."""
    page, wrong = islands.open_island(browser, island_pages, "train-here")
    stage = islands.live(page)
    stage.get_by_role("button", name="Train").click()
    stage.get_by_text("Step 0 of").wait_for()
    page.evaluate("""() => { const now = performance.now.bind(performance);
      performance.now = () => now() + 1e6; }""")
    stage.get_by_text("Step 300 of").wait_for(timeout=300_000)  # a busy machine is slow
    said = stage.locator(".island-status").inner_text()
    page.context.close()
    left = re.search(r"About (\d+) seconds left", said)
    assert left and int(left[1]) < 1000 and not wrong


def curve_of(stage: Any) -> str:
    """The path of the first curve."""
    return str(stage.locator("path.island-line").first.get_attribute("d"))


@pytest.mark.skipif(
    not os.environ.get("TRAIN_HERE"), reason="minutes: TRAIN_HERE=1 trains with ten seeds as the page does"
)
@pytest.mark.parametrize("seed", range(1, 11))
def test_it_ends_ahead_of_greed_within_a_minute(page: Any, seed: int) -> None:
    """The minute where nothing else keeps the machine busy."""
    found = page.evaluate(
        """seed => { const began = performance.now(); let last = null;
          for (const one of drr.training(drr.data.planning, {...drr.trainHere, seed}).run()) if (one) last = one;
          return [last.likes, (performance.now() - began) / 1000]; }""",
        seed,
    )
    print(f"seed {seed}: {found[0]:.1f} likes in {found[1]:.0f} seconds")
    assert found[0] > page.evaluate("drr.data.planning.bounds.myopic")
    assert found[1] < 60 or busy()

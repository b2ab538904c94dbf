"""The original's pass: its gradients, optimizer, environment, replay and rule against the healthy pieces and against itself run alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import DataError, Ratings
from drr_tutorial.data.splits import Split, random_split
from drr_tutorial.evaluation.ranking import evaluate_scores
from drr_tutorial.evaluation.tasks import RankingTask, ranking_task
from drr_tutorial.lab.clinic.original.networks import Sizes, StackedBatch, StackedNetworks, initial_parameters
from drr_tutorial.lab.clinic.original.noise import StackedNoise
from drr_tutorial.lab.clinic.original.one_user import BarAfterTheBest, OneUsersLists, SampledLists
from drr_tutorial.lab.clinic.original.players import StackedPlayers
from drr_tutorial.lab.clinic.original.ranger import StackedRanger
from drr_tutorial.lab.clinic.original.state import ConvolutionAve
from drr_tutorial.lab.clinic.original.training import OriginalPass, Run, Settings
from drr_tutorial.lab.clinic.updates import OriginalDDPG
from drr_tutorial.training.exploration import OrnsteinUhlenbeckNoise
from drr_tutorial.training.optimizers import ranger
from drr_tutorial.training.replay import TransitionBatch
from drr_tutorial.training.schedules import LinearSchedule
from tests.toy import block_ratings

SIZES, B, LR = Sizes(n_users=7, n_items=9), 32, 3e-3
QUICK = Settings(learning_rate=1e-3, batch_size=16, min_positives=5)
RUNS = (Run(0, False), Run(0, True), Run(1, False))


def parameters(seed: int) -> dict[str, torch.Tensor]:
    drawn = initial_parameters(SIZES, torch.Generator().manual_seed(seed))
    for table in ("users", "items"):
        drawn[table] *= 50  # as if trained: otherwise all states are nearly zero
    return drawn


def healthy(seed: int) -> OriginalDDPG:
    """`DDPG` with the clinic's pieces, and the same weights."""
    p = parameters(seed)
    config = dataclasses.replace(
        PRESETS["original"].agent, actor_lr=LR, critic_lr=LR, state_lr=LR, actor_decay=0.0, state_decay=0.0
    )
    networks = ActorCritic(config, p["users"].numpy(), p["items"][:-1].numpy(), torch.Generator())
    networks.state = ConvolutionAve(SIZES.k, SIZES.memory, torch.Generator())
    with torch.no_grad():
        networks.state.weights.copy_(p["pooling"])
        networks.state.bias.copy_(p["pooling_bias"][0])
        for name, layers in (("actor", networks.actor.layers), ("critic", networks.critic.layers)):
            for part, layer in (("in", layers[0]), ("out", layers[2])):
                layer.weight.copy_(p[f"{name}_{part}"])
                layer.bias.copy_(p[f"{name}_{part}_bias"][0])
    kind = type("WithoutDecay", (OriginalDDPG,), {"CRITIC_DECAY": 0.0})
    return kind(networks, config, torch.Generator(), embedding_lr=LR)


def healthy_parameters(ddpg: OriginalDDPG) -> dict[str, torch.Tensor]:
    networks, critic = ddpg.online, ddpg.online.critic
    found = [
        networks.users.weight, networks.items.weight, networks.state.weights, networks.state.bias,
        *networks.actor.layers.parameters(), *critic.layers.parameters(),
    ]  # fmt: skip
    return {
        name: tensor.detach().view(shape) for (name, shape), tensor in zip(SIZES.shapes().items(), found, strict=True)
    }


def transitions(seed: int) -> TransitionBatch:
    rng = np.random.default_rng(seed)
    return TransitionBatch(
        user=torch.from_numpy(rng.integers(SIZES.n_users, size=B)),
        memory=torch.from_numpy(rng.integers(SIZES.n_items + 1, size=(B, SIZES.memory))),
        action=torch.from_numpy(rng.normal(size=(B, SIZES.k)).astype(np.float32)),
        item=torch.from_numpy(rng.integers(SIZES.n_items, size=B)),
        reward=torch.from_numpy(rng.integers(2, size=B).astype(np.float32)),
        next_memory=torch.from_numpy(rng.integers(SIZES.n_items + 1, size=(B, SIZES.memory))),
        terminated=torch.ones(B),  # which the original does not look at
        steps=torch.ones(B),
        weight=torch.ones(B),
        index=torch.arange(B),
    )


def stacked(batches: list[TransitionBatch], networks: StackedNetworks) -> StackedBatch:
    memory = torch.stack([torch.cat([batch.memory, batch.next_memory]).T for batch in batches])
    return StackedBatch(
        torch.stack([batch.user for batch in batches]) + networks.user_rows,
        memory + networks.item_rows,
        torch.stack([batch.action for batch in batches]),
        torch.stack([batch.reward for batch in batches])[:, :, None],
    )


def test_forty_updates_equal_those_of_ddpg_with_the_clinics_pieces() -> None:
    networks = StackedNetworks(SIZES, [parameters(seed) for seed in (0, 1)])
    optimizer = StackedRanger(networks.flat, networks.gradient, LR)
    alone = [healthy(seed) for seed in (0, 1)]
    first = networks.flat.clone()
    for step in range(40):
        batches = [transitions(2 * step + run) for run in (0, 1)]
        with torch.no_grad():
            seen = networks.compute_gradients(stacked(batches, networks), gamma=0.8, limit=10.0)
            optimizer.step()
            networks.follow(1e-3)
        for run, (ddpg, batch) in enumerate(zip(alone, batches, strict=True)):
            result = ddpg.update(batch)
            assert seen.policy_loss[run].item() == pytest.approx(result.policy_loss.item(), abs=1e-4)
            assert seen.value_loss[run].item() == pytest.approx(result.value_loss.item(), rel=1e-3)
            assert seen.target_value[run].item() == pytest.approx(result.target_value.mean().item(), abs=1e-4)
    assert (networks.flat - first).abs().max() > 0.01
    for run, ddpg in enumerate(alone):
        for name, expected in healthy_parameters(ddpg).items():
            torch.testing.assert_close(networks.run(run)[name], expected, atol=2e-5, rtol=1e-4, msg=name)


def test_ranger_is_the_one_of_optimizers() -> None:
    flat = torch.randn(50, generator=torch.Generator().manual_seed(0))
    gradient, other = torch.zeros(50), flat.clone().requires_grad_()
    mine, theirs = StackedRanger(flat, gradient, 1e-2), ranger([other], lr=1e-2)
    for step in range(30):
        gradient.copy_(torch.randn(50, generator=torch.Generator().manual_seed(step)))
        other.grad = gradient.clone()
        mine.step()
        theirs.step()
        torch.testing.assert_close(flat, other.detach(), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("decay", [1e-3, 1e-4, 1e-6])
def test_the_originals_weight_decay_changes_no_weight(decay: float) -> None:
    weights = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(weights.add(weights, alpha=-1e-5 * decay), weights)


def test_the_noise_is_ornstein_uhlenbeck() -> None:
    noise = StackedNoise([False, True], [np.random.default_rng(seed) for seed in (5, 6)], 8)
    known, rng = OrnsteinUhlenbeckNoise((1, 8), LinearSchedule.constant(0.4), theta=0.15), np.random.default_rng(6)
    known.limit = np.inf
    zeros = np.zeros((2, 8), dtype=np.float32)
    for step in range(20):
        if step == 10:
            noise.reset(np.array([1]))
            known.reset(np.ones(1, dtype=np.bool_))
        found = noise.add_to(zeros)
        assert (found[0] == 0).all()
        np.testing.assert_allclose(found[1], known.explore(zeros[:1], step, rng)[0], atol=1e-6)


def test_initial_parameters_are_the_notebooks() -> None:
    drawn = initial_parameters(Sizes(n_users=5000, n_items=3000), torch.Generator().manual_seed(0))
    assert drawn["users"].std().item() == pytest.approx(0.01, rel=0.02)
    assert drawn["items"][-1].abs().sum() == 0 and drawn["pooling_bias"] == 0
    assert drawn["pooling"].min() >= 0 and drawn["pooling"].max() <= 1
    for name, bound in (
        ("actor_in", 0.5),
        ("actor_in_bias", 24**-0.5),
        ("critic_in", (6 / 32) ** 0.5),
        ("critic_out_bias", 0.25),
    ):
        assert drawn[name].abs().max() <= bound
    assert drawn["critic_in"].abs().max() > 0.95 * (6 / 32) ** 0.5


@pytest.fixture(scope="module")
def split() -> Split:
    return random_split(block_ratings(n_users=12, n_items=60, share=0.6), validation_fraction=0.0)


@pytest.fixture(scope="module")
def task(split: Split) -> RankingTask:
    return ranking_task(split, "original", n_negatives=20)


def make(split: Split, task: RankingTask, runs: tuple[Run, ...] = RUNS) -> OriginalPass:
    return OriginalPass(
        split.train, runs, QUICK, one_user=OneUsersLists(task, 3), sample=SampledLists(task, np.arange(6)), marks=4
    )


def test_runs_in_lock_step_equal_runs_alone(split: Split, task: RankingTask) -> None:
    together = make(split, task)
    together.run(progress=False)
    for number, run in enumerate(RUNS):
        alone = make(split, task, (run,))
        alone.run(progress=False)
        assert np.array_equal(alone.replay.indices[0], together.replay.indices[number])
        np.testing.assert_allclose(alone.replay.numbers[0], together.replay.numbers[number], atol=1e-5)
        for name, tensor in alone.networks.run(0).items():
            torch.testing.assert_close(together.networks.run(number)[name], tensor, atol=1e-5, rtol=1e-4)
        np.testing.assert_allclose(alone.bars[0].figures, together.bars[number].figures, atol=1e-6)


def test_an_interrupted_pass_goes_on_to_the_same_end(split: Split, task: RankingTask, tmp_path: Path) -> None:
    whole, stopped, resumed, other = (make(split, task) for _ in range(4))
    whole.run(progress=False)
    file = tmp_path / "pass.safetensors"
    stopped.players.n_steps, total = 100, stopped.players.n_steps
    assert total > 150
    stopped.run(file, every=1000, tag="a", progress=False)
    assert resumed.resume(file, "a")
    assert resumed.step == 100
    resumed.run(file, every=1000, tag="a", progress=False)
    assert torch.equal(resumed.networks.flat, whole.networks.flat)
    assert torch.equal(resumed.networks.target_networks, whole.networks.target_networks)
    assert np.array_equal(resumed.replay.numbers, whole.replay.numbers)
    assert np.array_equal(resumed.players.memory, whole.players.memory)
    assert [bar.figures for bar in resumed.bars] == [bar.figures for bar in whole.bars]
    assert all(torch.equal(a[name], b[name]) for a, b in zip(resumed.best, whole.best, strict=True) for name in a)
    assert not other.resume(file, "another code")
    assert other.step == 0


def test_every_eligible_user_is_served_once_for_as_many_steps_as_positives(split: Split, task: RankingTask) -> None:
    trained = make(split, task)
    trained.run(progress=False)
    counts = np.bincount(split.train.users, minlength=12)
    eligible = counts >= QUICK.min_positives
    assert trained.step == counts[eligible].sum() == len(trained.replay)
    for served in trained.replay.indices[:, :, 0]:
        assert np.array_equal(np.bincount(served, minlength=12), np.where(eligible, counts, 0))


def test_the_memory_takes_likes_only_and_an_item_is_shown_once(split: Split) -> None:
    players = StackedPlayers(split.train, [np.random.default_rng(0)], 5, 5)
    liked = split.train.positives().matrix().toarray() > 0
    rng, seen = np.random.default_rng(1), set()
    players.begin()
    user = players.user[0]
    assert (players.penalty[0][liked[user]] == 0).all()
    assert liked[user].sum() < (players.penalty[0] == 0).sum() <= 2 * liked[user].sum()
    while players.steps_left[0] > 0:
        item = rng.choice(np.flatnonzero(players.penalty[0] == 0))
        assert item not in seen
        seen.add(item)
        shown = players.show(np.array([item]))
        assert shown.reward[0] == liked[user, item]
        last = shown.next_memory[0, -1]
        assert last == item if shown.reward[0] else np.array_equal(shown.memory, shown.next_memory)


def test_nobody_with_enough_positives(split: Split) -> None:
    with pytest.raises(DataError, match="a user with 1000 positives"):
        StackedPlayers(split.train, [np.random.default_rng(0)], 5, 1000)


def test_sampled_lists_give_the_figures_of_evaluation(split: Split, task: RankingTask) -> None:
    scores = np.random.default_rng(0).random((12, 60), dtype=np.float32)
    report = evaluate_scores(scores, task)
    lists = SampledLists(task, np.arange(12))
    assert lists.figures(scores[lists.users]) == pytest.approx([report.mean("HR@10"), report.mean("nDCG@10")])


def test_the_one_users_evaluation_feeds_test_data_to_the_memory(split: Split, task: RankingTask) -> None:
    lists, empty = OneUsersLists(task, 3), np.full((1, 5), 60)
    knowing = initial_parameters(Sizes(12, 60), torch.Generator().manual_seed(0))
    knowing["items"][:-1] = torch.from_numpy(lists.is_liked).float()[:, None]
    knowing["actor_out"] *= 0
    knowing["actor_out_bias"][:] = 1
    networks = StackedNetworks(Sizes(12, 60), [knowing])
    assert (lists.is_liked == (split.test.matrix().toarray()[3] > 0)).all()
    seen: list[np.ndarray] = []
    state = networks.state
    networks.state = lambda user, memory: seen.append(memory[0, :, 0].numpy()) or state(user, memory)  # type: ignore[assignment, func-returns-value]
    assert (lists.figures(networks, empty) == 1).all()
    assert (seen[0] == 60).all() and set(seen[-1]) & set(np.flatnonzero(lists.is_liked))
    assert (empty == 60).all()  # the training's own memory is left alone


def test_the_bar_is_the_figure_after_the_best() -> None:
    rule = BarAfterTheBest()
    passed = [rule.passes(hit, 0.0) for hit in (0.1, 0.5, 0.2, 0.3)]
    assert passed == [False, True, False, True]  # 0.3 replaces 0.5: the bar was 0.2


def test_the_lists_must_be_sampled(split: Split) -> None:
    full = ranking_task(split, "full")
    for make_lists in (lambda: OneUsersLists(full, 3), lambda: SampledLists(full, np.arange(3))):
        with pytest.raises(ValueError, match="got protocol 'full'"):
            make_lists()


@pytest.mark.parametrize("step", [0, 1])
def test_a_file_that_is_no_checkpoint_is_not_taken(split: Split, task: RankingTask, tmp_path: Path, step: int) -> None:
    file = tmp_path / "pass.safetensors"
    if step:
        file.write_bytes(b"no such thing")
    fresh = make(split, task)
    assert not fresh.resume(file, "a")


def test_ml_1m_has_the_notebooks_number_of_steps(ml_1m: Ratings, data_home: Path) -> None:
    from drr_tutorial.data.splits import original_split

    players = StackedPlayers(original_split(ml_1m, data_home=data_home).train, [np.random.default_rng(0)], 5, 20)
    assert (players.n_steps, players.order.shape) == (439_657, (1, 4_699))

"""Optimizers: Lookahead and Ranger against the papers' formulas; states that pass through files."""

import pytest
import torch

from drr_tutorial.training.optimizers import (
    Lookahead,
    make_optimizer,
    ranger,
)

KINDS = ["adam", "adamw", "ranger"]


def parameters(seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(4, 3), (4,), (2, 4), (1, 5, 1)]
    return [torch.randn(s, generator=generator, dtype=dtype).requires_grad_() for s in shapes]


def set_gradients(params, step, scale=1.0):
    """Gradients that depend on the weights and on the step, the same for equal weights."""
    generator = torch.Generator().manual_seed(1000 + step)
    for p in params:
        p.grad = p.detach().sin() + scale * torch.randn(p.shape, generator=generator, dtype=p.dtype)


def train(optimizer, params, steps):
    for step in steps:
        set_gradients(params, step)
        optimizer.step()
    return [p.detach().clone() for p in params]


def assert_equal(one, other):
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


# --- Lookahead ----------------------------------------------------------------------------------------------


def test_lookahead_on_a_quadratic_has_a_closed_form():
    """SGD on x^2 / 2 multiplies x by 1 - lr; k steps and one back by 1 - alpha + alpha (1 - lr)^k."""
    x = torch.tensor([3.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer = Lookahead(torch.optim.SGD([x], lr=0.1), k=4, alpha=0.3)
    for _ in range(3 * 4):
        x.grad = x.detach().clone()
        optimizer.step()
    factor = (1 - 0.3 + 0.3 * 0.9**4) ** 3
    torch.testing.assert_close(x.detach(), factor * torch.tensor([3.0, -2.0], dtype=torch.float64))
    x.grad = x.detach().clone()
    optimizer.step()  # between the k-th steps the parameters are the fast weights
    torch.testing.assert_close(x.detach(), 0.9 * factor * torch.tensor([3.0, -2.0], dtype=torch.float64))


@pytest.mark.parametrize("k", [1, 3])
def test_lookahead_with_alpha_one_is_the_inner_optimizer(k):
    ours, plain = parameters(), parameters()
    after = train(Lookahead(torch.optim.Adam(ours, lr=0.05), k=k, alpha=1.0), ours, range(7))
    assert_equal(after, train(torch.optim.Adam(plain, lr=0.05), plain, range(7)))


def test_before_the_kth_step_lookahead_is_the_inner_optimizer():
    ours, plain = parameters(), parameters()
    after = train(Lookahead(torch.optim.Adam(ours, lr=0.05), k=6, alpha=0.5), ours, range(5))
    assert_equal(after, train(torch.optim.Adam(plain, lr=0.05), plain, range(5)))


def test_the_slow_weights_start_where_the_parameters_are_at_the_first_step():
    x = torch.zeros(1, requires_grad=True)
    optimizer = Lookahead(torch.optim.SGD([x], lr=1.0), k=1, alpha=0.5)
    with torch.no_grad():
        x.fill_(10.0)  # weights loaded after the optimizer was made
    x.grad = torch.ones(1)
    optimizer.step()
    assert x.item() == 9.5


def test_lookahead_shares_the_learning_rate_with_schedulers_and_the_inner_optimizer():
    x = torch.zeros(1, requires_grad=True)
    optimizer = Lookahead(torch.optim.SGD([x], lr=0.5))
    optimizer.load_state_dict(optimizer.state_dict())  # loading makes new groups: still shared
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    x.grad = torch.ones(1)
    optimizer.step()
    scheduler.step()
    assert optimizer.inner.param_groups[0]["lr"] == pytest.approx(0.05)
    optimizer.zero_grad()
    assert x.grad is None


def test_lookahead_runs_a_closure_with_gradients():
    x = torch.ones(1, requires_grad=True)
    optimizer = Lookahead(torch.optim.SGD([x], lr=0.5))

    def closure():
        optimizer.zero_grad()
        loss = (x**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 1.0
    assert x.item() == 0.0


# --- Ranger: Lookahead over RAdam ---------------------------------------------------------------------------


def naive_ranger_step(x, g, memory, t, lr, decay, k=6, alpha=0.5, beta1=0.95, beta2=0.999, eps=1e-5, centralize=True):
    """One step for one tensor: Liu et al. (2020), algorithm 2, inside Zhang et al. (2019); t = 1, 2, ..."""
    if centralize and g.ndim > 1:
        g = g - g.flatten(1).mean(1).reshape(-1, *[1] * (g.ndim - 1))
    slow = memory.setdefault("slow", x)
    m = memory["m"] = beta1 * memory.get("m", 0) + (1 - beta1) * g
    v = memory["v"] = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    rho_infinity = 2 / (1 - beta2) - 1
    rho = rho_infinity - 2 * t * beta2**t / (1 - beta2**t)
    x = x - lr * decay * x
    if rho > 5:  # the variance of the adaptive rate is tractable
        r = ((rho - 4) * (rho - 2) * rho_infinity / ((rho_infinity - 4) * (rho_infinity - 2) * rho)) ** 0.5
        x = x - lr * r * m_hat * (1 - beta2**t) ** 0.5 / (v**0.5 + eps)
    else:
        x = x - lr * m_hat
    if t % k == 0:
        x = memory["slow"] = slow + alpha * (x - slow)
    return x


@pytest.mark.parametrize("centralize", [True, False])
@pytest.mark.parametrize("decay", [0.0, 0.01])
def test_ranger_against_the_papers(centralize, decay):
    ours, n_steps = parameters(), 40
    optimizer = ranger(ours, lr=0.01, weight_decay=decay, gradient_centralization=centralize)
    naive, memories = [p.detach().clone() for p in ours], [{} for _ in ours]
    for t in range(1, n_steps + 1):
        set_gradients(ours, t)
        gradients = [p.grad.clone() for p in ours]
        optimizer.step()
        naive = [
            naive_ranger_step(x, g, memory, t, 0.01, decay, centralize=centralize)
            for x, g, memory in zip(naive, gradients, memories, strict=True)
        ]
        for a, b in zip(ours, naive, strict=True):
            torch.testing.assert_close(a.detach(), b, rtol=1e-10, atol=1e-12)


def test_a_column_of_weights_goes_on_learning():
    column = torch.nn.Parameter(torch.ones(3, 1))
    optimizer = ranger([column], lr=0.1)
    for _ in range(10):
        optimizer.zero_grad()
        column.pow(2).sum().backward()
        optimizer.step()
    assert (column < 1).all()


def test_centralized_gradients_keep_the_mean_of_each_output_row():
    """In the first five steps, where RAdam does not yet divide by the second moment."""
    params = parameters()
    row_means = [p.detach().flatten(1).mean(1) for p in params if p.ndim > 1]
    biases = params[1].detach().clone()
    train(ranger(params, lr=0.05), params, range(5))
    for before, p in zip(row_means, [p for p in params if p.ndim > 1], strict=True):
        torch.testing.assert_close(p.detach().flatten(1).mean(1), before)
    assert not torch.allclose(params[1].detach(), biases)  # vectors are left as they are


def test_ranger_skips_parameters_without_gradient():
    params = parameters()
    frozen = params[2].detach().clone()
    optimizer = ranger(params, lr=0.05)
    for step in range(7):
        set_gradients(params, step)
        params[2].grad = None
        optimizer.step()
    assert torch.equal(params[2].detach(), frozen)


# --- the factory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "plain"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_adam_is_pytorchs(kind, plain):
    ours, theirs = parameters(), parameters()
    after = train(make_optimizer(kind, ours, 0.01, 0.1), ours, range(10))
    expected = train(plain(theirs, lr=0.01, weight_decay=0.1), theirs, range(10))
    for a, b in zip(after, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_groups_keep_their_own_rate_and_may_be_empty(kind):
    still, moving = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    groups = [{"params": []}, {"params": [still], "lr": 0.0}, {"params": [moving]}]
    optimizer = make_optimizer(kind, groups, 0.1)
    for _ in range(8):
        still.grad, moving.grad = torch.ones(2), torch.ones(2)
        optimizer.step()
    assert still.tolist() == [1.0, 1.0]
    assert (moving < 0.9).all()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_learn_is_fine(kind):
    """A state representation without weights, above fixed embeddings, has no parameters."""
    optimizer = make_optimizer(kind, [{"params": []}], 0.1)
    for _ in range(7):
        optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_finds_the_minimum_of_a_quadratic(kind):
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    goal = torch.tensor([0.5, 0.25])
    optimizer = make_optimizer(kind, [x], 0.05)
    for _ in range(800):
        x.grad = x.detach() - goal
        optimizer.step()
    torch.testing.assert_close(x.detach(), goal, atol=1e-3, rtol=0)


def test_unknown_kind():
    with pytest.raises(ValueError, match="optimizer must be adam, adamw or ranger, got 'sgd'"):
        make_optimizer("sgd", parameters(), 0.1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"k": 0}, "k must be 1 or more, got 0"),
        ({"alpha": 0.0}, "alpha must lie above 0 and up to 1, got 0.0"),
        ({"alpha": 1.1}, "alpha must lie above 0 and up to 1, got 1.1"),
    ],
)
def test_bad_lookahead_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        Lookahead(torch.optim.SGD(parameters(), lr=0.1), **setting)


# --- states, as a checkpoint holds them ----------------------------------------------------------------------


def make(kind, params):
    groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.003}]
    return make_optimizer(kind, groups, 0.02, 0.01)


def through_a_file(optimizer, path):
    torch.save(optimizer.state_dict(), path)
    return torch.load(path, weights_only=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_before", [0, 1, 6, 9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_going_on_from_a_saved_state_is_exact(kind, n_before, dtype, tmp_path):
    params = parameters(dtype=dtype)
    optimizer = make(kind, params)
    train(optimizer, params, range(n_before))
    optimizer.param_groups[1]["lr"] = 0.0123456789  # as a schedule would have left it
    state = through_a_file(optimizer, tmp_path / "optimizer.pt")

    resumed_params = [p.detach().clone().requires_grad_() for p in params]
    resumed = make(kind, resumed_params)
    resumed.load_state_dict(state)
    steps = range(n_before, n_before + 15)
    assert_equal(train(optimizer, params, steps), train(resumed, resumed_params, steps))


@pytest.mark.parametrize("kind", KINDS)
def test_loading_replaces_whatever_was_there(kind, tmp_path):
    params = parameters()
    optimizer = make(kind, params)
    state, start = through_a_file(optimizer, tmp_path / "optimizer.pt"), [p.detach().clone() for p in params]
    first = train(optimizer, params, range(7))
    optimizer.load_state_dict(state)  # back to before the first step
    with torch.no_grad():
        for p, value in zip(params, start, strict=True):
            p.copy_(value)
    assert_equal(train(optimizer, params, range(7)), first)


def test_a_state_of_another_kind_is_refused():
    adam, lookahead = make("adam", parameters()), make("ranger", parameters())
    with pytest.raises(KeyError, match="inner"):
        lookahead.load_state_dict(adam.state_dict())

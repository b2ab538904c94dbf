"""Exploration: closed forms of each kind, clipping, decay, and exact resume."""

import numpy as np
import pytest

from drr_tutorial.training.exploration import (
    EpsilonGreedy,
    GaussianNoise,
    NoNoise,
    OrnsteinUhlenbeckNoise,
    make_exploration,
)
from drr_tutorial.training.schedules import LinearSchedule

SHAPE = (400, 5)
KINDS = ["none", "ou", "gaussian", "epsilon"]


def noise_path(noise, n_steps, rng, start=0):
    """The noise on a zero action at each step: (n_steps, m, d)."""
    zero = np.zeros(noise.shape)
    return np.stack([noise.explore(zero, step, rng) for step in range(start, start + n_steps)])


@pytest.mark.parametrize("kind", KINDS)
def test_actions_stay_in_the_box_and_keep_their_precision(kind):
    noise, rng = make_exploration(kind, SHAPE, start=1.0, end=1.0, n_steps=0), np.random.default_rng(0)
    action = rng.uniform(-1, 1, SHAPE).astype(np.float32)
    before = action.copy()
    for step in range(20):
        noisy = noise.explore(action, step, rng)
        assert noisy.dtype == np.float32 and noisy.shape == SHAPE
        assert np.abs(noisy).max() <= 1
        assert (kind == "none") == np.array_equal(noisy, action)
    np.testing.assert_array_equal(action, before)  # the actor's own vectors are not written to


@pytest.mark.parametrize("kind", ["ou", "gaussian", "epsilon"])
def test_size_zero_is_no_noise(kind):
    noise, rng = make_exploration(kind, SHAPE, start=0.0, end=0.0, n_steps=0), np.random.default_rng(0)
    action = rng.uniform(-1, 1, SHAPE)
    np.testing.assert_array_equal(noise.explore(action, 0, rng), action)


def test_gaussian_noise_has_the_deviation_of_its_step():
    noise = GaussianNoise(SHAPE, LinearSchedule(0.2, 0.1, 10))
    for step, sigma in ((0, 0.2), (5, 0.15), (10, 0.1), (99, 0.1)):
        sample = noise_path(noise, 1, np.random.default_rng(step), start=step)
        assert sample.std() == pytest.approx(sigma, rel=0.06)
        assert abs(sample.mean()) < 4 * sigma / np.sqrt(sample.size)


def test_ou_noise_reaches_its_stationary_variance_and_correlation():
    theta, sigma = 0.2, 0.06
    noise, rng = (
        OrnsteinUhlenbeckNoise(SHAPE, LinearSchedule.constant(sigma), theta=theta),
        np.random.default_rng(0),
    )
    path = noise_path(noise, 150, rng)[50:]  # (1 - theta)^50 of the start is left: 1e-5
    assert np.abs(path).max() < 1  # nothing was clipped
    assert path.var() == pytest.approx(sigma**2 / (theta * (2 - theta)), rel=0.02)
    assert (path[3:] * path[:-3]).mean() / path.var() == pytest.approx((1 - theta) ** 3, abs=0.02)


def test_ou_noise_is_pulled_to_its_mean():
    noise = OrnsteinUhlenbeckNoise((1, 2), LinearSchedule.constant(0.0), theta=0.25, mean=0.8)
    path = noise_path(noise, 3, np.random.default_rng(0))[:, 0, 0]
    np.testing.assert_allclose(path, 0.8 * (1 - 0.75 ** np.arange(1, 4)))  # without noise: a closed form


def test_ou_noise_with_theta_one_is_gaussian_noise():
    sigma = LinearSchedule(0.3, 0.1, 5)
    ou = noise_path(OrnsteinUhlenbeckNoise((3, 2), sigma, theta=1.0), 9, np.random.default_rng(4))
    np.testing.assert_allclose(ou, noise_path(GaussianNoise((3, 2), sigma), 9, np.random.default_rng(4)))


def test_reset_forgets_the_ended_episodes_only():
    noise, rng = OrnsteinUhlenbeckNoise((4, 2), LinearSchedule(0.3, 0.0, 3)), np.random.default_rng(0)
    before = noise_path(noise, 2, rng)[-1]
    noise.reset(np.array([True, False, False, True]))
    after = noise.explore(np.zeros((4, 2)), 3, rng)  # sigma is 0 by now: only the drift is left
    np.testing.assert_allclose(after, np.array([[0], [1], [1], [0]]) * before * 0.85)


def test_epsilon_greedy_replaces_whole_vectors_as_often_as_it_says():
    noise, rng = EpsilonGreedy((2000, 3), LinearSchedule(0.5, 0.1, 10)), np.random.default_rng(0)
    action = np.full((2000, 3), 0.25)
    for step, epsilon in ((0, 0.5), (5, 0.3), (10, 0.1), (50, 0.1)):
        noisy = noise.explore(action, step, rng)
        replaced = (noisy != action).any(axis=1)
        assert np.array_equal(replaced, (noisy != action).all(axis=1))
        deviation = np.sqrt(2000 * epsilon * (1 - epsilon))
        assert abs(replaced.sum() - 2000 * epsilon) < 4 * deviation
    always = EpsilonGreedy((2000, 3), LinearSchedule.constant(1.0)).explore(action, 0, rng)
    assert always.var() == pytest.approx(1 / 3, rel=0.05)  # uniform on [-1, 1]
    assert abs(always.mean()) < 4 * np.sqrt(1 / 3 / always.size)


@pytest.mark.parametrize("kind", KINDS)
def test_resume_is_exact(kind):
    def make():
        return make_exploration(kind, (6, 3), start=0.4, end=0.1, n_steps=12)

    noise, rng = make(), np.random.default_rng(0)
    noise_path(noise, 5, rng)
    noise.reset(np.arange(6) % 2 == 0)
    state = noise.state_dict()
    goes_on = noise_path(noise, 10, np.random.default_rng(1), start=5)
    resumed = make()
    noise_path(resumed, 2, np.random.default_rng(9))
    resumed.load_state_dict(state)
    np.testing.assert_array_equal(noise_path(resumed, 10, np.random.default_rng(1), start=5), goes_on)


def test_a_state_of_another_kind_or_shape_is_refused():
    ou = make_exploration("ou", (6, 3), start=0.4, end=0.1, n_steps=12)
    with pytest.raises(ValueError, match=r"OrnsteinUhlenbeckNoise needs a state of shapes \{'x': \(6, 3\)\}, got \{\}"):
        ou.load_state_dict({})
    with pytest.raises(ValueError, match=r"got \{'x': \(5, 3\)\}"):
        ou.load_state_dict({"x": np.zeros((5, 3))})
    with pytest.raises(ValueError, match=r"NoNoise needs a state of shapes \{\}, got \{'x': \(6, 3\)\}"):
        NoNoise((6, 3)).load_state_dict(ou.state_dict())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NoNoise((0, 3)), r"shape must be \(num_envs, action_dim\), both 1 or more, got \(0, 3\)"),
        (lambda: NoNoise((3,)), r"shape must be \(num_envs, action_dim\)"),
        (lambda: GaussianNoise((2, 3), LinearSchedule(0.1, -0.1, 5)), "sigma must be 0 or more"),
        (lambda: OrnsteinUhlenbeckNoise((2, 3), LinearSchedule(-1, 0, 5)), "sigma must be 0 or more"),
        (
            lambda: OrnsteinUhlenbeckNoise((2, 3), LinearSchedule(1, 0, 5), theta=0.0),
            "theta must lie above 0 and up to 1",
        ),
        (
            lambda: EpsilonGreedy((2, 3), LinearSchedule(1.5, 0, 5)),
            r"epsilon is a probability and must stay in 0 \.\. 1",
        ),
        (lambda: EpsilonGreedy((2, 3), LinearSchedule(0.5, -1, 5)), "epsilon must be 0 or more"),
        (
            lambda: make_exploration("magic", (2, 3), start=1, end=0, n_steps=5),
            "exploration must be none, ou, gaussian or epsilon, got 'magic'",
        ),
        (
            lambda: NoNoise((2, 3)).explore(np.zeros((3, 3)), 0, np.random.default_rng(0)),
            r"action must have shape \(2, 3\) \(num_envs, action_dim\), got \(3, 3\)",
        ),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""Each defect of evaluation and look-up does what the chapter says, and its healthy partner does not; the patient is neutral."""

import dataclasses

import numpy as np
import pytest
import torch

from drr_tutorial.data.ratings import Ratings
from drr_tutorial.data.splits import Split, original_split
from drr_tutorial.lab.clinic.differences import code_of, difference
from drr_tutorial.lab.clinic.evaluations import (
    best_for_one_user,
    best_on_test,
    lists_with_training_positives,
    lists_without_training_positives,
    one_users_scores,
    own_scores,
)
from drr_tutorial.lab.clinic.lookups import fresh_best, frozen_best, titles_by_place
from drr_tutorial.lab.clinic.patient import HEALTHY, REFERENCE, admit
from drr_tutorial.lab.clinic.updates import NoEndOfEpisode, RawVectors
from drr_tutorial.training.ddpg import DDPG
from drr_tutorial.training.exploration import GaussianNoise
from drr_tutorial.training.on_log import parts_on_log
from drr_tutorial.training.trainer import Trainer
from tests.toy import toy_ratings

SMALL = dataclasses.replace(
    REFERENCE,
    embedding=dataclasses.replace(REFERENCE.embedding, n_factors=8, n_iterations=2),
    environment=dataclasses.replace(REFERENCE.environment, num_envs=16),
    agent=dataclasses.replace(REFERENCE.agent, critic_hidden=(8,), slate_size=20),
    training=dataclasses.replace(REFERENCE.training, batch_size=64, steps_per_update=16, passes=0.5, evaluations=2),
)


@pytest.fixture(scope="module")
def split(synthetic: Ratings) -> Split:
    return original_split(synthetic)


def test_the_patient_with_healthy_pieces_is_the_trainer(split: Split) -> None:
    patient = admit(split, HEALTHY, SMALL)
    networks = admit(split, HEALTHY, SMALL).networks
    trainer = Trainer(**parts_on_log(SMALL, patient.ratings, networks, history=patient.known), progress=False)
    trainer.run()
    patient.run()
    assert all(
        torch.equal(a, b)
        for a, b in zip(patient.networks.state_dict().values(), networks.state_dict().values(), strict=True)
    )
    assert len(patient.values) == patient.ddpg.n_updates > 5
    assert patient.replay.state_dict().keys() == trainer.replay.state_dict().keys()


def test_the_patients_pieces_are_used(split: Split) -> None:
    patient = admit(split, HEALTHY._replace(update=RawVectors), SMALL)
    assert type(patient.ddpg) is RawVectors and patient.noise.limit == np.inf
    assert isinstance(patient.noise, GaussianNoise)
    patient.run()
    assert np.isfinite(patient.values).all()


def test_half_of_the_likes_pay_and_the_other_half_are_known(split: Split) -> None:
    patient = admit(split, HEALTHY, SMALL)
    assert abs(len(patient.ratings) - len(patient.known)) <= 1
    assert len(patient.ratings) + len(patient.known) == len(split.fit)


def test_one_users_scores_are_everybodys(split: Split) -> None:
    networks = admit(split, HEALTHY, SMALL).networks
    memory = np.random.default_rng(0).integers(split.ratings.n_items, size=(split.ratings.n_users, 5))
    own, stuck = own_scores(networks, memory), one_users_scores(networks, memory, 3)
    assert own.shape == stuck.shape
    np.testing.assert_allclose(stuck, np.broadcast_to(own[3], own.shape), atol=1e-5)
    assert np.abs(own - stuck).max() > 0.1


def test_training_positives_among_the_negatives(split: Split) -> None:
    train = split.train.matrix().toarray() > 0
    shares = [
        train[task.users[:, None], task.negatives].mean()
        for task in (lists_with_training_positives(split), lists_without_training_positives(split))
    ]
    assert shares[0] > 0.01 and shares[1] == 0


def test_a_choice_on_test_data_promises_more_than_it_holds() -> None:
    validated, tested = np.array([0.1, 0.3, 0.2]), np.array([0.5, 0.4, 0.6])
    assert best_on_test(validated, tested) == (0.6, 0.4)
    users = np.array([[0.0, 1.0], [0.9, 0.0], [0.5, 0.2]])
    chosen = best_for_one_user(users, tested)
    assert chosen.reported == pytest.approx((0.9 + 1.0) / 2)
    assert chosen.true == pytest.approx((0.4 + 0.5) / 2)


def test_titles_by_place_are_those_of_other_films() -> None:
    ratings = toy_ratings([(1, 3, 5), (1, 2, 5), (2, 1, 5), (2, 4, 5)])  # first seen: 3, 2, 1, 4
    assert titles_by_place(ratings).tolist() == ["Film 3", "Film 2", "Film 1", "Film 4"]
    assert ratings.titles.tolist() == ["Film 1", "Film 2", "Film 3", "Film 4"]


def test_ml_1m_shows_other_films(ml_1m: Ratings) -> None:
    assert (titles_by_place(ml_1m) != ml_1m.titles).mean() > 0.99


def test_a_frozen_list_never_shows_what_came_later() -> None:
    scores = np.array([0.1, 0.3, 0.2, 0.9])
    best = frozen_best(3)
    assert best(scores, 2).tolist() == [1, 2]
    assert fresh_best(scores, 2).tolist() == [3, 1]
    assert best(scores, 1, np.arange(4)).tolist() == fresh_best(scores, 1, np.arange(4)).tolist() == [3]


def test_the_difference_shows_both_sources_without_docstrings() -> None:
    text = difference(DDPG.expected_value, NoEndOfEpisode)
    assert "# healthy: drr_tutorial.training.ddpg.DDPG.expected_value" in text
    assert "# defective: drr_tutorial.lab.clinic.updates.NoEndOfEpisode" in text
    assert "class NoEndOfEpisode(DDPG):" in text and "@torch.no_grad()" in text
    assert '"""' not in text
    assert code_of(fresh_best).startswith("def fresh_best(")

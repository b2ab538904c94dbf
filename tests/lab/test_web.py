"""The command `export-web`: agents of the reader, and settings of those of the book."""

import dataclasses
from pathlib import Path

import pytest

from drr_tutorial.config import PRESETS
from drr_tutorial.data.ratings import Ratings
from drr_tutorial.lab.cli import main
from drr_tutorial.lab.web import N_FACTORS, of_state
from drr_tutorial.recommenders.baselines import PopularityRecommender
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.representation.states import STATES


def test_saved_agents_are_written_under_the_names_of_their_folders(
    synthetic: Ratings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simple = PRESETS["simple"]
    config = dataclasses.replace(
        simple,
        embedding=dataclasses.replace(simple.embedding, n_factors=4, n_iterations=1),
        training=dataclasses.replace(simple.training, passes=0.2, batch_size=64),
    )
    DRRRecommender(config, progress=False).fit(synthetic).save(tmp_path / "run" / "agent")
    DRRRecommender(config, progress=False).fit(synthetic).save(tmp_path / "alone")
    folders = [argument for name in ("run", "alone") for argument in ("--agent", str(tmp_path / name))]
    assert main(["export-web", str(tmp_path / "films.js"), *folders]) == 0
    assert "MB, run, alone" in capsys.readouterr().out
    text = (tmp_path / "films.js").read_text(encoding="utf-8")
    assert '"name":"run"' in text and '"name":"alone"' in text


def test_what_is_no_agent_is_refused(synthetic: Ratings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PopularityRecommender().fit(synthetic).save(tmp_path / "popular")
    assert main(["export-web", str(tmp_path / "films.js"), "--agent", str(tmp_path / "popular")]) == 1
    assert "must be a folder of a DRR agent" in capsys.readouterr().err
    same = [str(tmp_path / place) for place in ("a/x", "b/x")]
    assert main(["export-web", str(tmp_path / "films.js"), "--agent", same[0], "--agent", same[1]]) == 1
    assert not (tmp_path / "films.js").exists()


@pytest.mark.parametrize("state", STATES)
def test_agents_of_the_book_are_simple_ones_with_a_state_each(state: str) -> None:
    config = of_state(state)
    assert (config.agent.state, config.embedding.n_factors, config.training.validation_share) == (state, N_FACTORS, 0)
    back = dataclasses.replace(
        config,
        agent=dataclasses.replace(config.agent, state="drr-ave"),
        embedding=PRESETS["simple"].embedding,
        training=PRESETS["simple"].training,
    )
    assert back == PRESETS["simple"]

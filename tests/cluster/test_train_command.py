"""`drr-tutorial train --cluster`: what does not go together is said at once, without Ray."""

import pytest

from drr_tutorial import cli


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--workers 2", "workers needs a cluster, got 2 workers; add --cluster local"),
        ("--cluster here", "cluster must be local or HOST:PORT, got 'here'"),
        ("--cluster local --workers 0", "workers must be a whole number of at least 1, got 0"),
        ("--cluster local --workers 3", "environment.num_envs must be a multiple of the number of workers, 3, got 256"),
        (
            "--cluster local --workers 2 --embedding.learning-rate 0.01 --embedding.rated-factors 0 "
            "--embedding.stars-factors 0",
            "embedding.learning_rate must be 0 with 2 workers, got 0.01",
        ),
        (
            "--cluster local --env drr_tutorial/TinyPlanning-v0",
            "cluster divides the users of a log, and a world has none to divide, got 'local' with --env",
        ),
    ],
)
def test_bad_input(options: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "--quiet", *options.split()]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error

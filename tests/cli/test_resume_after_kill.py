"""A training that is really killed, at several moments, and resumed by the command line ends with the same bytes."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

OPTIONS = (
    "--dataset synthetic --split random --quiet --embedding.n-factors 8 --embedding.n-iterations 3 "
    "--agent.critic-hidden 16 --environment.num-envs 8 --environment.min-positives 3 --training.passes 3 "
    "--training.batch-size 64 --training.steps-per-update 8 --training.checkpoints 40 --training.evaluations 5"
).split()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "drr_tutorial.lab.cli", "train", *arguments]


def weights(folder: Path) -> list[bytes]:
    files = ("final.safetensors", "best.safetensors", "agent/weights.safetensors")
    return [(folder / name).read_bytes() for name in files]


def kill_after(folder: Path, n_checkpoints: int, delay: float) -> bool:
    """Start a training, wait for so many checkpoints and a moment more, kill it; False when it was done before that."""
    process = subprocess.Popen(command("--out", str(folder), *OPTIONS), stdout=subprocess.DEVNULL)
    checkpoint, seen, last = folder / "checkpoint.pt", 0, 0
    while process.poll() is None and seen < n_checkpoints:
        now = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        seen, last = seen + (now != last), now
        time.sleep(0.0005)
    time.sleep(delay)
    process.kill()
    return process.wait() != 0


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    subprocess.run(command("--out", str(folder), *OPTIONS), check=True, stdout=subprocess.DEVNULL)
    return weights(folder)


@pytest.mark.parametrize(("n_checkpoints", "delay"), [(1, 0.0), (3, 0.013), (12, 0.002)])
def test_killed_and_resumed(unbroken: list[bytes], tmp_path: Path, n_checkpoints: int, delay: float) -> None:
    folder = tmp_path / "killed"
    assert kill_after(folder, n_checkpoints, delay), "the training ended before it could be killed"
    assert not (folder / "metrics.json").exists()
    subprocess.run(command("--resume", str(folder), "--quiet"), check=True, stdout=subprocess.DEVNULL)
    assert weights(folder) == unbroken

"""Digests follow what the definitions do that a figure rests on, not their wording, their file or anything else."""

from functools import partial
from pathlib import Path

import pytest

from drr_tutorial.evaluation import metrics
from drr_tutorial.lab import digests
from drr_tutorial.lab.digests import code_digests, code_key, entry

CODE = '''
"""A module."""
import numpy as np
from drr_tutorial.evaluation.metrics import ndcg as gain

FACTOR = 2


def twice(x: float) -> float:
    """Twice."""
    return FACTOR * gain(np.asarray(x))  # of course


def alone() -> int:
    return 1
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "a_study_from_elsewhere.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Twice."""', '"""Two times.\n\n    At length.\n    """'),
        ("  # of course", ""),
        ('"""A module."""\n', ""),
        ("np.asarray(x)", "np.asarray(\n        x\n    )"),
        ("def twice", "\n\n# A comment\ndef twice"),
        ("return 1", "return 2"),  # of a definition that this one does not use
        ("import ndcg as gain", "import ndcg as of_the_list\n\ndef other(): ..."),
        ("import numpy as np", "import numpy"),
    ],
)
def test_wording_and_names_of_imports_do_not_count(module: Path, old: str, new: str) -> None:
    names = {"import ndcg as gain": ("gain(", "of_the_list("), "import numpy as np": ("np.", "numpy.")}
    before = code_key([f"{module.stem}:twice"])
    assert old in CODE
    module.write_text(CODE.replace(old, new).replace(*names.get(old, ("", ""))))
    assert code_key([f"{module.stem}:twice"]) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 2", "FACTOR = 3"),
        ("FACTOR *", "2 *"),
        ("FACTOR * gain(np.asarray(x))", "gain(np.asarray(x)) * FACTOR"),
        ("import ndcg", "import reciprocal_rank"),
        ("import numpy as np", "import torch as np"),
        ("FACTOR = 2", "FACTOR = 2\nprint(FACTOR)"),  # what a module does when it is imported
    ],
)
def test_what_code_does_counts(module: Path, old: str, new: str) -> None:
    before = code_key([f"{module.stem}:twice"])
    module.write_text(CODE.replace(old, new))
    assert code_key([f"{module.stem}:twice"]) != before


def test_a_definition_may_move(module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digests(["drr_tutorial.evaluation.metrics:ndcg"])
    (tmp_path / "metrics_elsewhere.py").write_text(Path(str(metrics.__file__)).read_text())
    assert code_digests(["metrics_elsewhere:ndcg"]) == before


def test_only_what_is_used_is_followed(module: Path) -> None:
    found = code_digests([f"{module.stem}:twice"])
    assert {"twice", "FACTOR", "ndcg"} <= set(found) and not {"alone", "hit_rate"} & set(found)
    assert set(code_digests([module.stem])) >= {"twice", "alone"}


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    from drr_tutorial.data import splits; return splits.make_split\n",
        "from drr_tutorial.data import splits as s\ndef f(): return s.make_split\n",
        "import drr_tutorial.data.splits\ndef f(): return drr_tutorial.data.splits.make_split\n",
        "from drr_tutorial.data.splits import make_split as m\ndef f(): return m\n",
    ],
)
def test_imports_are_followed_however_they_are_written(module: Path, code: str) -> None:
    module.write_text(code)
    assert {"make_split", "SPLITS", "user_split", "held_out_rows", "Ratings"} <= set(code_digests([f"{module.stem}:f"]))


def test_drawing_and_type_checkers_are_not_followed(module: Path) -> None:
    module.write_text(
        "from typing import TYPE_CHECKING\nfrom drr_tutorial.lab.figures import style\n"
        "if TYPE_CHECKING:\n    from drr_tutorial.data.splits import Split\n"
        "def f(split: 'Split'): return style.save\n"
    )
    assert set(code_digests([f"{module.stem}:f"])) == {"f"}


def test_a_study_of_the_agent_rests_on_all_of_it_and_one_of_baselines_does_not() -> None:
    agent = code_digests(["drr_tutorial.recommenders.drr:DRRRecommender"])
    baselines = code_digests(["drr_tutorial.recommenders.baselines"])
    assert {"DDPG", "Trainer", "AgentConfig", "SumTree", "DRRAve", "Ratings", "DataError"} <= set(agent)
    assert not {"DRRRecommender", "DDPG", "AgentConfig"} & set(baselines)


def test_a_change_deep_below_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    source, agent = digests._source, ["drr_tutorial.recommenders.drr:DRRRecommender"]
    before = code_key(agent)
    deep = "drr_tutorial.training.sum_tree"
    monkeypatch.setattr(
        digests, "_source", lambda name: source(name).replace("    def ", "    X = 1\n\n    def ", name == deep)
    )
    assert code_key(agent) != before


CLASS = """
import abc
import torch

class Base(abc.ABC):
    size = 1
    def __len__(self): return 1
    def named(self): return self.deeper()
    def deeper(self): return 2
    def by_text(self): return 3
    def unnamed(self): return 4

class Child(Base):
    def deeper(self): return 5

class Layer(torch.nn.Module):
    def forward(self, x): return 6

class Deeper(Layer):
    def hook(self): return 7

def f(): return Child().named() + getattr(Child(), "by_text")() + Deeper()(8)
"""


@pytest.mark.parametrize(
    ("old", "counts"),
    [("return 4", False), *((f"return {number}", True) for number in (1, 2, 3, 5, 6, 7)), ("size = 1", True)],
)
def test_a_method_counts_once_it_is_named_or_another_package_may_call_it(module: Path, old: str, counts: bool) -> None:
    module.write_text(CLASS)
    before = code_key([f"{module.stem}:f"])
    module.write_text(CLASS.replace(old, f"{old}0"))
    assert (code_key([f"{module.stem}:f"]) != before) is counts


def test_a_new_method_puts_nothing_out_of_date_until_it_is_called(module: Path) -> None:
    module.write_text(CLASS)
    before = code_digests([f"{module.stem}:f"])
    more = CLASS.replace("    size = 1", "    size = 1\n    def new(self): return 9")
    module.write_text(more)
    assert code_digests([f"{module.stem}:f"]) == before
    module.write_text(more.replace("Child().named()", "Child().new()"))
    assert "Base.new" in code_digests([f"{module.stem}:f"])


def test_all_methods_of_a_class_that_is_an_entry_count(module: Path) -> None:
    module.write_text(CLASS)
    assert "Base.unnamed" in code_digests([f"{module.stem}:Base"])


@pytest.mark.parametrize("name", ["drr_tutorial.no_such_module", "no_such_package_at_all", "no.such.package"])
def test_no_such_module(name: str) -> None:
    with pytest.raises(ValueError, match=f"there is no module '{name}'"):
        code_key([name])


def test_no_such_definition() -> None:
    with pytest.raises(ValueError, match=r"there is no 'nothing' in 'drr_tutorial\.evaluation\.metrics'"):
        code_key(["drr_tutorial.evaluation.metrics:nothing"])


def test_an_entry_names_a_function_its_method_or_what_a_partial_holds() -> None:
    assert entry(code_key) == "drr_tutorial.lab.digests:code_key"
    assert entry(partial(partial(code_key, 1), 2)) == "drr_tutorial.lab.digests:code_key"
    assert entry(digests._Module.read) == "drr_tutorial.lab.digests:_Module"

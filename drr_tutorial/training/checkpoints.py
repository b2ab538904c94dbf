"""A training's whole state in one file, so that a run can stop at any moment and go on to the same end (chapter 5).

PyTorch's own format, written beside its place and renamed. It is read with `weights_only=True`: tensors, numbers and
texts come in, nothing else: a file from a stranger executes nothing. Damage is noticed by the checksums in the file.
"""

import io
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from drr_tutorial.storage import StorageError, whole_file, write_arrays

State = dict[str, Any]
REFUSED = (
    RuntimeError, pickle.UnpicklingError, EOFError, LookupError, ValueError, TypeError, AttributeError, OSError,
    ArithmeticError, zipfile.BadZipFile, NotImplementedError,
)  # fmt: skip
"""What a file that is not a whole checkpoint may raise while it is read and taken up."""


def write_checkpoint(path: Path, state: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Save a state (nested dicts and lists of arrays, tensors, numbers and texts) and what it belongs to.

    Raises `StorageError`; the file before it stays.
    """
    data = io.BytesIO()
    torch.save({"about": dict(about), "state": _as_tensors(state)}, data)
    with whole_file(path) as temporary:
        temporary.write_bytes(data.getvalue())


def read_checkpoint(path: Path, about: Mapping[str, Any]) -> State:
    """The state that `write_checkpoint` saved with the same `about`; arrays come back as tensors.

    Raises `StorageError` when the file is damaged, or belongs to something else; nothing in it is executed.
    """
    try:
        with zipfile.ZipFile(path) as parts:
            if (damaged := parts.testzip()) is not None:  # torch reads past wrong checksums
                raise ValueError(f"{damaged} is not what was written")
        whole = dict(torch.load(path, map_location="cpu", weights_only=True))
        state, theirs = dict(whole["state"]), dict(whole["about"])
    except REFUSED as error:
        reason = " ".join(str(error).split())[:200]
        raise StorageError(f"{path} is not a whole checkpoint ({reason}); delete it to start anew") from error
    for part, mine in about.items():
        if theirs.get(part) != mine:
            raise StorageError(_of_something_else(path, part, mine, theirs.get(part)))
    return state


def check_form(expected: Any, found: Any, name: str) -> None:
    """Raises `ValueError` unless two states have the same names, shapes and kinds of numbers, however deep."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        if expected.keys() != found.keys():
            raise ValueError(f"{name} holds {sorted(map(str, found))}, not {sorted(map(str, expected))}")
        for key, value in expected.items():
            check_form(value, found[key], f"{name}.{key}")
    elif _form(expected) != _form(found):
        raise ValueError(f"{name} is {_form(found)}, not {_form(expected)}")


def write_weights(networks: nn.Module, path: Path, about: Mapping[str, Any]) -> None:
    """Save the networks: what there is to look at, nothing for training on. Raises `StorageError`."""
    write_arrays(path, {name: value.cpu().numpy() for name, value in networks.state_dict().items()}, about)


def _of_something_else(path: Path, part: str, mine: Any, theirs: Any) -> str:
    differ = ""
    if isinstance(mine, dict):
        names = sorted(name for name in mine if not isinstance(theirs, dict) or mine[name] != theirs.get(name))
        differ = f" (they differ in: {', '.join(names)})"
    return f"{path} belongs to other {part}{differ}; resume with its own {part}, or choose another folder"


def _form(value: Any) -> str:
    """Kind and shape, in words; arrays count as the tensors that a checkpoint holds."""
    if isinstance(value, np.ndarray | torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    return type(value).__name__


def _as_tensors(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _as_tensors(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_tensors(part) for part in value]
    return (
        torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape)) if isinstance(value, np.ndarray) else value
    )

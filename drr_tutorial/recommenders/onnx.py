"""A trained agent for other programs: actor, state and item vectors as one ONNX file.

Inputs are `user` (batch, k), vectors as the agent sees users, and `memory` (batch, N), indices of the latest likes,
padded on the left with n_items. The output is `scores` (batch, n_items), in the order of `ratings.item_ids`; what a
user has seen is to be left out there, and dislikes to be put last. Needs the extra `onnx`.
"""

import importlib
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from drr_tutorial.actor_critic.networks import ActorCritic
from drr_tutorial.recommenders.drr import DRRRecommender
from drr_tutorial.storage import as_path, whole_file

INPUTS, OUTPUT = ("user", "memory"), "scores"


def export_onnx(agent: DRRRecommender, path: str | Path) -> None:
    """Write the agent's scores as an ONNX model, with item ids among its metadata.

    Raises `TypeError` for what is no agent, `RuntimeError` for an unfitted one, `ImportError` without the extra,
    `StorageError`.
    """
    if not isinstance(agent, DRRRecommender):
        raise TypeError(
            f"agent must be a DRRRecommender, got {type(agent).__name__}; vectors of another recommender are its "
            "embeddings, and ItemIndex.of makes an index of them"
        )
    items = agent.ratings.item_ids.tolist()
    onnx = _imported("onnx")
    _imported("onnxscript")
    model = _as_model(_Scores(agent.networks), example_inputs(agent, agent.ratings.user_ids[:2]))
    about = {"item_ids": json.dumps(items), "fingerprint": agent.ratings.fingerprint(), "n_items": str(len(items))}
    onnx.helper.set_model_props(model, about)
    with whole_file(as_path(path)) as temporary:
        temporary.write_bytes(model.SerializeToString())


def example_inputs(agent: DRRRecommender, users: ArrayLike) -> dict[str, NDArray[Any]]:
    """What the model is asked with for users of the data, by original id: user (m, k), memory (m, N)."""
    index = agent.ratings.user_index(users)
    vectors: NDArray[np.float32] = agent.networks.users.weight.detach().cpu().numpy()[index]
    return {"user": vectors, "memory": agent.memory[index]}


class _Scores(nn.Module):
    """From inputs to scores, as `DRRRecommender` computes them."""

    def __init__(self, networks: ActorCritic) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, user: Tensor, memory: Tensor) -> Tensor:
        """(B, n_items) of vectors (B, k) and memories (B, N)."""
        return self.networks.act(self.networks.see_vectors(user, memory)) @ self.networks.item_vectors().T


def _as_model(module: nn.Module, inputs: dict[str, NDArray[Any]]) -> Any:
    device = next(module.parameters()).device
    examples = tuple(torch.from_numpy(inputs[name]).to(device) for name in INPUTS)
    batch = torch.export.Dim("batch")
    exported = torch.export.export(module.eval(), examples, dynamic_shapes=({0: batch}, {0: batch}), strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library about itself
        program = torch.onnx.export(
            exported, input_names=list(INPUTS), output_names=[OUTPUT], dynamo=True, verbose=False
        )
    assert program is not None
    return program.model_proto


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"export_onnx needs the library {name}; install it with: pip install 'drr_tutorial[onnx]'"
        ) from error

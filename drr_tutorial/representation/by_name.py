"""State representations by the name that settings call them by."""

from drr_tutorial.representation.states import STATES, StateRepresentation
from drr_tutorial.representation.traces import Traces


def state_class(name: str) -> type[StateRepresentation]:
    """The representation of this name: one of `STATES`, or `traces`. Raises `ValueError` for any other."""
    known: dict[str, type[StateRepresentation]] = {**STATES, "traces": Traces}
    if name not in known:
        raise ValueError(
            f"AgentConfig.state must be one of {', '.join(known)}, got {name!r}; one of your own is entered in "
            "drr_tutorial.representation.states.STATES first"
        )
    return known[name]

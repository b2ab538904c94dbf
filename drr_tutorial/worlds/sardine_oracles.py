"""What can be earned in SARDINE by who knows everything about a user, taste and boredom too: bounds for an agent.

None of the three plans by computing ahead; they are rules that see the two traps, boredom and the taste that moves, and
so lower bounds of the best there is. The first, `planners.myopic`, falls into both: half its steps are lost.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from drr_tutorial.worlds.sardine_users import SardineUsers
from drr_tutorial.worlds.sessions import Sessions

NEARLY = 0.9  # of the best chance; among 0.5, 0.8, 0.9 and 0.99 the best


def rotating(sessions: Sessions) -> NDArray[np.int64]:
    """The item that is most likely to be clicked now, of the topics on which one more click would not bore (m,)."""
    return _harmless(sessions).argmax(axis=1)


def sparing(sessions: Sessions) -> NDArray[np.int64]:
    """Of the items nearly as likely to be clicked as that of `rotating`, the one that moves the taste least (m,)."""
    chances = _harmless(sessions)
    nearly = chances >= NEARLY * chances.max(axis=1, keepdims=True)
    return np.where(nearly, -_users(sessions).world.means, -np.inf).argmax(axis=1)


def _harmless(sessions: Sessions) -> NDArray[np.float64]:
    """P(click) of all items, (m, n_items), -1 where one more click on the topic would bore."""
    users = _users(sessions)
    bores = users.counts() >= users.rules.boredom_thresh - 1  # (m, topics)
    return np.where(bores[:, users.world.topics], -1.0, users.chances())


def _users(sessions: Sessions) -> SardineUsers:
    return cast(SardineUsers, sessions.users)

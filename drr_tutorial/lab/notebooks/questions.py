"""A question of "Check yourself" with its choices in the open; what is right, and why, is folded below them."""

import re

CHOICE = re.compile(
    r"^(?:- )?(?P<letter>[a-z])\) (?P<choice>.+?) — (?P<reason>\*(?:Right|Wrong), because\* .+?)"
    r"(?=\n+(?:- )?[a-z]\) |\Z)",
    re.MULTILINE | re.DOTALL,
)


def choices(text: str) -> tuple[str, str] | None:
    """The choices and the reasons, each as a Markdown list; None for a text that is anything else."""
    if re.sub(CHOICE, "", text).strip() or not text.strip():
        return None
    found = list(CHOICE.finditer(text))
    return _listed(found, "choice"), _listed(found, "reason")


def _listed(found: list[re.Match[str]], part: str) -> str:
    return "\n".join(f"- {one['letter']}) {' '.join(one[part].split())}" for one in found)

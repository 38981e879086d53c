"""Hypothesis profiles: `ci` draws as many examples as each test states, `dev` 20 at most.

`ci` holds unless pytest is told `--hypothesis-profile dev`, as `make test-fast` does.
"""

from __future__ import annotations

from hypothesis import settings

CI, DEV = "ci", "dev"
_MAX_DEV_EXAMPLES = 20


def register_profiles() -> None:
    """Register both, and load `ci`; pytest loads another one later where it is told to."""
    # No deadlines: times say more about what else the machine does than about the code.
    settings.register_profile(CI, deadline=None)
    settings.register_profile(DEV, settings.get_profile(CI), max_examples=_MAX_DEV_EXAMPLES)
    settings.load_profile(CI)


def is_quick() -> bool:
    """Return whether few examples do: `dev` is loaded."""
    return settings.get_current_profile_name() == DEV


def examples(stated: int) -> int:
    """Return how many examples a test draws that states so many, by the profile that is loaded."""
    return min(stated, _MAX_DEV_EXAMPLES) if is_quick() else stated

"""What a function reads from its environment, once."""

from __future__ import annotations

from functools import cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Environment variables TOLLGATE_BUCKET, TOLLGATE_HISTORY_TABLE and so on, as the template sets them."""

    model_config = SettingsConfigDict(env_prefix="TOLLGATE_", extra="ignore", frozen=True)

    bucket: str
    history_table: str
    decisions_table: str
    detector: str
    decision_days: int = 400
    refresh_s: float = 30.0
    largest_file_bytes: int = 256 * 1024 * 1024
    # How long one try of a read or write may take where the detector chose to decide without it.
    patience_s: float = 1.0
    # The EventBridge bus that is told of decisions; none where it is empty.
    event_bus: str = ""
    # Whether ids such as tollgate-force-block force an outcome: for test deployments.
    forced_outcomes: bool = False


@cache
def read_settings() -> Settings:
    """Return the settings of this process."""
    return Settings()  # type: ignore[call-arg]  # pydantic fills them from the environment

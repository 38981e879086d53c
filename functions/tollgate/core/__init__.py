"""Pure decision logic: no storage, no web, no clock, no environment."""

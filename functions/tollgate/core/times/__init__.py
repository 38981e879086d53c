"""Times as events have them: formats, patterns, limits of the clock, and what looks wrong."""

"""Local deployment: an embedded AWS emulator with template.yaml deployed into it."""

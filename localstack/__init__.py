"""The whole deployment on one machine: an embedded AWS emulator, and template.yaml deployed into it."""

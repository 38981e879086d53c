"""Rules: a strict subset of CEL over variables, features and score. What it means is in docs/reference/rules.md."""

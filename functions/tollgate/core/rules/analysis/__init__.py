"""Analysis of rules: those that can never match, and why a rule hits nothing."""

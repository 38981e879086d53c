"""Review queue: the list of cases, the open case, and its label."""

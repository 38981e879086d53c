"""The HTTP API: the fast path of one decision, and the routes of everything else."""

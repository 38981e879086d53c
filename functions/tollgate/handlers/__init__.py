"""The doors: each reads what came in, calls one service, and answers."""

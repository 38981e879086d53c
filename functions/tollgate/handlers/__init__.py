"""Lambda handlers: each reads what came in, calls one service, and answers."""

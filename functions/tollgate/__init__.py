"""Tollgate in Lambda: the core that decides, the services and adapters around it, and the handlers that answer."""

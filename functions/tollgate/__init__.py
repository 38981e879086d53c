"""Tollgate in Lambda: the core that decides, the adapters that store, the doors that answer."""

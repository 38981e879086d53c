"""Services: each module is one thing a caller can ask for, put together from storage and the core."""

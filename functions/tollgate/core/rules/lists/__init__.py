"""Lists that rules look values up in: their text form, and the mistakes in one."""

"""Lists that rules ask: their text form, and what is wrong with one."""

"""The Rules page: rules in use, the draft of the next ones, and lists."""

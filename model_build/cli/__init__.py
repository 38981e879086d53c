"""The `tollgate` command and its subcommands."""

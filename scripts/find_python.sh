#!/bin/sh
# Prints the best Python on this machine: 3.13 (Lambda's own) if there is one, else 3.12, else 3.11, else a newer python3.
# A pyenv shim answers to a name and may still have no Python behind it, so each candidate is run before it is taken.
for version in 13 12 11; do
    for candidate in "python3.$version" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.$version.*/bin/python python3; do
        if "$candidate" -c "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, $version))" 2>/dev/null; then
            command -v "$candidate"
            exit 0
        fi
    done
done
echo "Tollgate needs Python 3.11, 3.12 or 3.13 with its venv module; none was found (on Debian: apt-get install python3 python3-venv)." >&2
exit 1

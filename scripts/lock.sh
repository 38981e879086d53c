#!/bin/sh
# Writes every lock file: hashes, no index address, one file for all supported Pythons.
set -eu
compile() { .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header "$@"; }
compile pyproject.toml --extra dev -o requirements/dev.txt
compile requirements/uv.in -o requirements/uv.txt
compile requirements/sam.in -o requirements/sam.txt
compile requirements/spark.in -o requirements/spark.txt
compile requirements/spark-job.in -o requirements/spark-job.txt
compile functions/requirements.in -o functions/requirements.txt
compile --no-deps functions/requirements-parquet.in -o functions/requirements-parquet.txt
compile localstack/requirements.in -o localstack/requirements.txt
compile app/requirements.in -o app/requirements.txt

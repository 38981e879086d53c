#!/bin/sh
# Installs the Debian packages that tests need and pip cannot bring: Chromium, for the tests in a browser.
set -eu
command -v chromium > /dev/null && exit 0
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium > /dev/null

#!/bin/sh
# Installs the Debian packages that tests need and pip cannot bring: Chromium, for the tests in a browser, and Java, for
# those on Spark: 17, as on EMR, or 21 where Debian no longer has it. Spark 4.1 runs on these two. And faketime, for the
# tests at other dates.
set -eu
missing=""
command -v chromium > /dev/null || missing="chromium"
command -v faketime > /dev/null || missing="$missing faketime"
has_java() { java -version 2>&1 | grep -qE 'version "(17|21)[."]'; }
[ -z "$missing" ] && has_java && exit 0
apt-get update -qq
has_java || for java in openjdk-17-jre-headless openjdk-21-jre-headless; do
    if [ -n "$(apt-cache madison "$java")" ]; then
        missing="$missing $java"
        break
    fi
done
# shellcheck disable=SC2086 # a word a package
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null

#!/bin/sh
# Make ready what the example needs beside supervisord: Flask in the environment, the jar where there is a JDK.
#
#   prepare.sh BIN      BIN is the bin folder of a virtual environment
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=$(cd "${1:?usage: prepare.sh BIN}" && pwd)

if ! "$bin/python" -c "import flask" 2>/dev/null; then
    echo "Installing Flask."
    "$bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
fi

mkdir -p "$here/var/conf.d"
rm -f "$here/var/conf.d/ticker.conf"
if ! command -v java >/dev/null || ! command -v javac >/dev/null || ! command -v jar >/dev/null; then
    echo "No JDK here: the program 'ticker' is left out."
    exit 0
fi
# Built again only when the source is newer than the jar.
if [ ! -e "$here/var/ticker.jar" ] || [ -n "$(find "$here/jvm/Ticker.java" -newer "$here/var/ticker.jar")" ]; then
    classes="$here/var/classes"
    mkdir -p "$classes"
    if ! { javac -d "$classes" "$here/jvm/Ticker.java" &&
        jar --create --file "$here/var/ticker.jar" --main-class Ticker -C "$classes" .; }; then
        echo "The JDK could not build the jar: the program 'ticker' is left out."
        rm -f "$here/var/ticker.jar"
        exit 0
    fi
fi
cp "$here/jvm/ticker.conf" "$here/var/conf.d/ticker.conf"

#!/bin/sh
set -eu
install -m 0755 hello /usr/local/bin/hello

#!/bin/sh
set -eu
# No bytecode: it has the time of the build in it.
exec pip3 install --break-system-packages --no-compile --requirement requirements.txt

#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'gcc -g -Wall -o hello_world main.c && exec ./hello_world' 'gcc -O2 -o hello_world main.c && exec ./hello_world'

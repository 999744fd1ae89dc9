#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'g++ -g -Wall -o hello_world main.cpp && exec ./hello_world' 'g++ -O2 -o hello_world main.cpp && exec ./hello_world'

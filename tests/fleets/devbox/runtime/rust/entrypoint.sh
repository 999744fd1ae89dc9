#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'exec cargo run --bin hello_world' 'exec target/release/hello_world'

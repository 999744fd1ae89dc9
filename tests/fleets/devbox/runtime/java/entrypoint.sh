#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'exec java Hello.java' 'javac -d out Hello.java && exec java -cp out Hello'

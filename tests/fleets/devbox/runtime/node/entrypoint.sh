#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'exec node --watch index.js' 'NODE_ENV=production exec node index.js'

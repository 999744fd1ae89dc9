#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'exec nginx -g "daemon off;"' 'exec nginx -g "daemon off;"'

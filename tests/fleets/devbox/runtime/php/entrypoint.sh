#!/bin/bash
# Starts the project: entrypoint.sh [development|production]
exec /opt/base-tools/scripts/start-project "$(realpath "$0")" "${1:-development}" 'exec php -S 0.0.0.0:8080' 'exec php -d opcache.enable_cli=1 -S 0.0.0.0:8080'

#!/bin/sh
# Before services are known: removes those that services.conf turns off for this environment.
set -eu
column=2
[ "${DEVBOX_ENV:-development}" != production ] || column=3
services=/etc/s6-overlay/s6-rc.d
awk -v column=$column '!/^#/ && NF == 3 && $column == 0 { print $1 }' /etc/s6-overlay-hook/services.conf |
    while read -r service; do
        rm -rf "${services:?}/$service" "$services/user/contents.d/$service"
        case $service in
            *-log) rm -f "$services/user/contents.d/${service%-log}-pipeline" ;;
        esac
    done

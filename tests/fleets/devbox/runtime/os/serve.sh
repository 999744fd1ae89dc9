#!/bin/sh
mkdir -p www
[ -e www/index.html ] || echo 'Hello, world!' > www/index.html
exec busybox httpd -f -p 8080 -h www

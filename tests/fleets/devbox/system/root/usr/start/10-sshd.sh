#!/bin/sh
# No image has a host key: each container makes its own.
set -eu
ssh-keygen -A
mkdir -p /run/sshd
if [ -d /usr/start/.ssh ]; then
    chown -R root: /usr/start/.ssh
    chmod -R go= /usr/start/.ssh
fi

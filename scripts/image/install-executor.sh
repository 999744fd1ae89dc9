#!/usr/bin/env bash
# Installs what executors run with: the npm packages of package.json, globally, and the Python packages of
# requirements.txt. Both files are in the working directory, and nothing else of it is needed.
set -euo pipefail

# `@oomol/oocana` is the engine, which a layer for executors must not bring.
packages=$(node --print '
  const { dependencies = {} } = JSON.parse(require("fs").readFileSync("package.json", "utf8"));
  const wanted = Object.entries(dependencies).filter(([name]) => name !== "@oomol/oocana");
  wanted.map(([name, version]) => `${name}@${version}`).join("\n");
')

if [ -n "$packages" ]; then
  mapfile -t names <<<"$packages"
  npm install --global --no-audit --no-fund --no-update-notifier -- "${names[@]}"
fi

# Where the distribution says that its Python is managed by its own packages, this layer is what manages it.
PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore \
  pip install --no-input --disable-pip-version-check --requirement requirements.txt

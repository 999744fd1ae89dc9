#!/bin/sh
# Installs what executors need: the dependencies of package.json as global programs, and those of requirements.txt. It
# runs in the directory that has both.
set -eu

# `@oomol/oocana` itself comes with the runtime; every other package of that scope is installed.
packages=$(node -e '
  const dependencies = require("./package.json").dependencies ?? {};
  const wanted = Object.entries(dependencies).filter(([name]) => name !== "@oomol/oocana");
  for (const [name, version] of wanted) console.log(`${name}@${version}`);
')
# Names and versions have no blanks; nothing is installed when there are none.
[ -z "$packages" ] || npm install --global --no-audit --no-fund --no-update-notifier $packages
pip install --no-warn-script-location --disable-pip-version-check --root-user-action=ignore --requirement requirements.txt

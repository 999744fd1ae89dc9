# The twin of the artifact `oocana-mount`.
FROM ghcr.io/oomol/server-base:v0.6.0
WORKDIR /app
ENV NPM_CACHE=/root/.npm
RUN --mount=type=cache,id=apt-lists,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=apt-archives,target=/var/cache/apt,sharing=locked \
    --mount=type=tmpfs,target=/var/log \
    apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends mosquitto && \
    rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache
RUN for file in ~/.bashrc ~/.zshrc; do echo 'export PATH=/app:/app/node_modules/.bin:$PATH' >> $file; done
COPY package.json package-lock.json requirements.txt /app/
# The certificates of the machine, for npm and pip behind a proxy that has its own.
RUN --mount=type=secret,id=ca --mount=type=cache,id=npm,target=/var/cache/npm \
    export SOURCE_DATE_EPOCH=315532800 npm_config_cache=/var/cache/npm NODE_EXTRA_CA_CERTS=/run/secrets/ca && \
    zsh -i -c 'npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier'
RUN --mount=type=secret,id=ca --mount=type=cache,id=pip,target=/var/cache/pip \
    export SOURCE_DATE_EPOCH=315532800 PIP_CACHE_DIR=/var/cache/pip PIP_CERT=/run/secrets/ca && \
    zsh -i -c 'pip install --disable-pip-version-check --root-user-action=ignore --requirement requirements.txt'

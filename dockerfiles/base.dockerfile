# The twin of the artifact `base-rootfs`: the same tree, said in Dockerfile. The FROM line names the base of both.
FROM ubuntu:latest
# Lists and archives stay in cache mounts, logs in a tmpfs; what dpkg and debconf keep of their old state goes.
RUN --mount=type=cache,id=apt-lists,target=/var/lib/apt/lists,sharing=locked \
    --mount=type=cache,id=apt-archives,target=/var/cache/apt,sharing=locked \
    --mount=type=tmpfs,target=/var/log \
    apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends zsh && \
    rm -f /var/lib/dpkg/*-old /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache

# The twin of the artifact `server-base`. The FROM line names the base of both.
FROM ghcr.io/oomol/server-base:v0.6.0 AS builder
WORKDIR /app

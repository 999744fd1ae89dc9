FROM debian:12
HEALTHCHECK --interval=5m --timeout=3s --start-period=10s --start-interval=1s --retries=3 \
  CMD test -f /etc/passwd || exit 1
FROM debian:12
HEALTHCHECK --interval=1h30m5s CMD ["test", "-f", "/{x}", "$HOME"]

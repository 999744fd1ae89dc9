FROM debian:12
ENTRYPOINT ["/bin/echo", "a b"]

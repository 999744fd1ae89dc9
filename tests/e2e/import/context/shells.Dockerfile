FROM debian:12 AS first
SHELL ["/bin/bash", "-eo", "pipefail", "-c"]
RUN [[ -f /etc/passwd ]] && echo bash > /x
FROM first
RUN [[ -f /etc/passwd ]] && echo inherited > /y
ENTRYPOINT [[ -f /x ]]
FROM debian:12
COPY --from=first /x /x
SHELL ["/bin/dash", "-c"]
RUN echo "dash $0" > /z
HEALTHCHECK CMD true

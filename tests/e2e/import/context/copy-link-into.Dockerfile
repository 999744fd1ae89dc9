FROM debian:12
COPY --link --chown=7:7 one.txt /srv/made/file
COPY --link dir /opt/made

FROM debian:12
USER daemon
RUN id > /tmp/id && echo "$HOME" > /tmp/home
WORKDIR /made/by/user
RUN touch file
COPY one.txt copied
COPY --chown=daemon two.txt owned
USER 1234:5678
WORKDIR /numeric
RUN id -u > id && id -g >> id
USER root
RUN id -u > /root-id
USER bin

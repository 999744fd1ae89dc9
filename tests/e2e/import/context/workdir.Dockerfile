FROM debian:12
WORKDIR app
WORKDIR sub
RUN pwd > where
ARG DIR=/srv
WORKDIR $DIR/x/
ENV HOME_DIR=/home/node
WORKDIR ${HOME_DIR}/code
RUN pwd > where
WORKDIR ../other
WORKDIR /usr/bin
WORKDIR /n//b/./c

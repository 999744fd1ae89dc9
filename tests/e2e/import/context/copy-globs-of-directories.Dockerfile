FROM debian:12
COPY packages/*/package.json /flat/
COPY conf* /confs/
COPY d*r/s* /inner/

FROM debian:12 AS base
RUN mkdir -p /t/a/b && echo 1 > /t/a/b/c && echo 2 > /t/a/d && ln -s a /t/l
FROM base
RUN rm -r /t/a/b && mkdir /t/a/b && echo 3 > /t/a/b/n
COPY one.txt /t/l/through-link
COPY dir /t/a
RUN rm -r /t/a && echo gone > /t/a

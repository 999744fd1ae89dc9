FROM debian:12 AS made
RUN mkdir -p /t/deep/er && cd /t && echo x > x && ln x twin && ln -s x soft && ln -s /etc/passwd absolute && \
    chmod 4755 x && mkdir -m 1777 sticky && chown 7:8 deep && echo y > deep/y && chown -R 9:9 deep/er && mkfifo pipe
RUN mkdir /single && echo z > /single/z
FROM debian:12
COPY --from=made /t /t
COPY --from=made /t/deep/ /deep/
COPY --from=made /t/x /t/twin /files/
COPY --from=made /t/soft /linked
COPY --from=made --chown=3:4 --chmod=0700 /t/deep /owned
COPY --from=0 /single/* /globbed/
COPY --from=0 single ./relative
COPY --from=busybox /etc/passwd /of-image

FROM debian:12
RUN mkdir -p /there && chown 3:3 /there
COPY --chown=7:8 one.txt /there/new/er/file
COPY --chown=7:8 --chmod=0700 dir /deep/er/dir
COPY --chmod=0640 one.txt /modes/file
COPY --chmod=u+x one.txt /symbolic/file
COPY --chown=daemon --chmod=750 <<END /heredocs/file
text
END
USER daemon
WORKDIR /there
WORKDIR /there/below/it
COPY --chown=9:9 one.txt here
COPY --chown=9:9 one.txt more/here

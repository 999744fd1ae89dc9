FROM debian:12 AS tools
RUN mkdir -p /bin-of && echo tool > /bin-of/tool
FROM debian:12
WORKDIR /work
RUN --mount=type=bind,target=. cat one.txt > /bound && ls -1 dir > /listed
RUN --mount=source=dir,target=/src,rw echo changed > /src/a.txt; cat /src/a.txt > /changed
RUN --mount=type=bind,from=tools,source=/bin-of,target=/tools --mount=from=busybox,target=/image cat /tools/tool > /tool && test -d /image/etc
RUN --mount=type=cache,target=/root/.cache echo cached > /root/.cache/x
RUN --mount=type=cache,id=deps,target=deps,sharing=locked touch deps/x
RUN --mount=type=tmpfs,target=/tmp --mount=type=tmpfs,target=/var/tmp touch /tmp/a /var/tmp/b
RUN --mount=type=secret,id=token test ! -e /run/secrets/token && echo none > /secret
RUN --network=none echo none > /network
RUN --mount=type=bind,source=one.txt,target=/mnt/deep/one.txt cat /mnt/deep/one.txt > /file

FROM scratch
COPY one.txt /
COPY dir/ /etc/
WORKDIR /data/deep
COPY two.txt .
ENV A=$B PATH=/x:$PATH
ENTRYPOINT ["/app"]
USER 65532:65532

FROM debian:12
COPY --parents dir/sub/c.txt conf/nested /whole/
COPY --parents dir/./sub/c.txt /from-dot/
COPY --parents packages/*/package.json /globbed/
COPY --parents dir/sub /of-directory

FROM debian:12
RUN mkdir /real && ln -s /real /way
COPY --link one.txt /linked/
COPY --link --chown=7:7 dir /linked/dir
COPY --link one.txt two.txt /linked/deep/er/

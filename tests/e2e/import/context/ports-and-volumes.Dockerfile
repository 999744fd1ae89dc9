FROM debian:12
ARG PORT=80
EXPOSE 8080/TCP 53/udp 9000-9002
EXPOSE $PORT
RUN mkdir -p /data && echo x > /data/x
VOLUME /data /var/lib/app
VOLUME ["/with blank"]
RUN echo y > /data/y
STOPSIGNAL SIGQUIT

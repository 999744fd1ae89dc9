FROM debian:12
RUN echo a > /a && \
    echo b >> /a
COPY <<END /f
text
END
ENV A=1

# escape=`
FROM debian:12
WORKDIR /opt
COPY one.txt `
 two.txt /opt/
RUN echo one > /one && `
    echo C:\dir\ > /two
ENV P="a\b" Q=`$PATH

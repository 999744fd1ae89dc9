FROM debian:12
ARG A=arg
RUN echo "$A" > /first
ENV A=env
RUN echo "$A" > /second
ARG A=again
RUN echo "$A" > /third
ARG B=${A}-b
RUN echo "$B" > /fourth

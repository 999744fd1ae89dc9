FROM debian:12
# about the command
RUN echo one > /lines && \
# between
    echo two >> /lines && \

    # another
    echo three \
      >> /lines
RUN echo 'in \
quotes' > /quoted && echo "in \
double" >> /quoted; echo a # comment \
    b >> /quoted
ENV A=1 \
    B=2
RUN set -e; \
    for name in a b; do \
      echo "$name" >> /names; \
    done

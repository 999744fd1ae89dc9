FROM debian:12
COPY *.txt /texts/
COPY o??.txt /marks/
COPY [ot]*.txt /classes/
COPY conf/*.conf /conf/
COPY conf/* /all-of-conf/

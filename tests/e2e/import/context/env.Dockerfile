FROM debian:12
ENV PATH=/opt/bin:$PATH
ENV LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH
ENV A=1
ENV A=2 B=$A C="$A and ${B}" D=${UNSET:-fallback} E=${A:+set} F=\$A G='$A' H="a \"quoted\" {brace}"
ENV legacy some words and $A
ENV NODE=${NODE_VERSION:-none} I=a\ b J= K=${NODE_VERSION}
RUN echo "$A $B $C $D $E $F $G $H $legacy $NODE $I" > /seen

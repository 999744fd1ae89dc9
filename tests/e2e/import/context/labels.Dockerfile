FROM debian:12
ARG V=1
LABEL a=b c="d e" "f.g"='h' "v"=$V lit='$V' path="$PATH"
LABEL old style of a label
LABEL lines="one\
two" brace={x}
LABEL a=again

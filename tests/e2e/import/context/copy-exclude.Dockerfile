FROM debian:12
COPY --exclude=*.md dir /top
COPY --exclude=**/*.md dir /deep
COPY --exclude=sub --exclude=link dir /less
COPY --exclude=**/nested conf /conf
COPY --exclude=one.txt *.txt /texts/

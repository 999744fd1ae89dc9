FROM debian:12
COPY ["with blank.txt", "/dir with blank/"]
COPY ["with blank.txt", "one.txt", "/dir with blank/more/"]
COPY {a}.txt /{b}/
COPY a\$b.txt /dollar

FROM debian:12
COPY one.txt /renamed
COPY one.txt /into/
COPY one.txt two.txt /several/
COPY script.sh /usr/local/bin/
COPY dir /dir
COPY dir/ /slash
COPY dir/sub dir/a.txt /mixed/
COPY dir /etc/
COPY ./one.txt ../two.txt /odd/
COPY dir/link /followed
COPY dir/linked /followed-too
WORKDIR /work
COPY one.txt .
COPY two.txt sub/
COPY one.txt ../up.txt
COPY . /all

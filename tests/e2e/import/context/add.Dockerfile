FROM debian:12
WORKDIR /opt
ADD one.txt two.txt ./texts/
ADD --chown=7:8 --chmod=0640 one.txt /owned
ADD tree.tar /unpacked/
ADD tree.tar.gz .
ADD --unpack=false tree.tar /kept/
ADD dir /dir

FROM debian:12
RUN mkdir /kinds && cd /kinds && mknod c c 1 3 && mkfifo p && echo a > a && ln a b && ln -s nowhere l && mkdir -m 2770 d && chown 70000:70001 a && touch -d @1 a
RUN rm /etc/debian_version && rm -r /usr/share/removed /etc/skel; mkdir -p /etc/skel && echo x > /etc/skel/x
RUN chmod 0700 /home && chown 5:5 /srv && mv /kinds/b /kinds/moved
RUN rm -r /kinds/d && echo f > /kinds/d && rm /kinds/l && mkdir /kinds/l

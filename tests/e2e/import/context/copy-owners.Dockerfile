FROM debian:12
COPY --chown=7 dir /number
COPY --chown=daemon:bin one.txt /named
COPY --chown=:8 one.txt /group
COPY --chown=daemon: one.txt /user
COPY --chown=www-data dir/a.txt /new/parents/file
COPY --chmod=755 dir /mode
COPY --chmod=u=rwX,go=rX dir /symbolic
COPY --chmod=0600 --chown=1:2 one.txt two.txt /both/

FROM debian:12
ARG NAME=world
ENV GREETING=hello
COPY <<END /etc/app.conf
name = $NAME
greeting = ${GREETING}
price = \$5 and {brace}
END
COPY <<"END" /etc/raw.conf
name = $NAME ${{ x }}
END
COPY --chmod=0755 --chown=1000:1000 <<run.sh <<stop.sh /usr/local/bin/
#!/bin/sh
exec app
run.sh
#!/bin/sh
exec kill
stop.sh
COPY <<-END /tabs/
	one
		two
END
WORKDIR /work
COPY <<END relative
here
END

FROM debian:12
ARG NAME=world
RUN <<END
set -e
echo "hello $NAME" > /a
false || echo "goes on" >> /a
END
RUN <<'END'
#!/bin/bash
printf '%s\n' "x {not} a ${variable:-none}" > /b
END
RUN <<-END
	echo tabs > /c
		echo more >> /c
	END
RUN cat <<A > /one && cat <<B > /two
1 $NAME
A
2
B
RUN bash <<END
echo "\$BASH_VERSION" | cut -c1 > /bash
END

FROM debian:12
RUN echo '${{ github.ref }} {arch}' > /a; echo "{arch} ${HOME}" > /b
RUN awk '{print $1}' /etc/hostname > /c; find /etc -maxdepth 1 -name passwd -exec echo {} \; > /d
RUN #!/bin/sh
RUN printf 'x\ty %s\n' "a 'b' \"c\" \\ d" > /e
RUN ["/bin/echo", "a b", "$HOME"]
RUN ["/bin/sh", "-c", "echo c > /f"]
RUN ["touch", "/g h", "/$HOME"]
RUN echo "$PWD $0" > /pwd
RUN false; true
RUN cd /opt; umask 027; mkdir made; touch made/file

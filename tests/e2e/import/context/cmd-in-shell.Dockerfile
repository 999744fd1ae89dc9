FROM debian:12
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN echo a | cat > /piped
CMD echo "$HOME" && exec top

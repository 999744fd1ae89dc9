FROM debian:12 AS deps
ARG MODE=release
SHELL ["/bin/bash", "-c"]
WORKDIR /app
USER daemon
ENV STAGE=deps
FROM deps AS build
USER root
RUN echo "$MODE $STAGE $(id -un)" > out
FROM deps AS unused
RUN false
FROM deps
COPY --from=build /app/out out
COPY --from=1 app/out ./second
RUN echo "$STAGE $PWD" > /tmp/stage
CMD run

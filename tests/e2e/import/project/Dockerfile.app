FROM base
ARG L10N VERSION
COPY text /text
COPY --from=shared text /shared/
RUN echo "$L10N $VERSION $BASE" > /built
ENV L10N=$L10N

# One image for every command of sentei: coordinator, worker, and what looks at runs. `docker build --tag sentei .` is all.
#
# Kept to what every builder knows (Docker with and without BuildKit, Buildah, Podman).
FROM swift:6.3-bookworm AS build
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libnng-dev libopenblas-dev libsqlite3-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /sentei
COPY Package.swift ./
COPY Sources ./Sources
# Package.swift names them; none is compiled here.
COPY Tests ./Tests
COPY Benchmarks ./Benchmarks
# With Swift's library inside, the program needs nothing but packages of Debian.
RUN swift build --configuration release --product sentei --static-swift-stdlib \
    && install -D --strip "$(swift build --configuration release --show-bin-path)/sentei" /out/sentei

FROM debian:bookworm-slim
# libcurl is for `sentei data fetch` and `sentei top`.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libcurl4 libnng1 libopenblas0-pthread libsqlite3-0 libstdc++6 zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && groupadd --gid 10001 sentei \
    && useradd --uid 10001 --gid sentei --no-create-home --home-dir /data sentei \
    && install --directory --mode 1777 /data
COPY --from=build /out/sentei /usr/local/bin/sentei
COPY LICENSE NOTICE /usr/share/doc/sentei/
COPY docs/examples /usr/share/doc/sentei/examples
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sentei" \
      org.opencontainers.image.description="Searches for the smallest part of a neural network that still does its work" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Coordinators and workers touch this file while they go round.
ENV SENTEI_HEALTH_FILE=/tmp/sentei-health
# A volume that is new takes the mode of this folder: any user may keep runs there.
VOLUME /data
WORKDIR /data
USER 10001:10001
# Short, because others wait for the first answer; what is not ready in the start period is not unhealthy for it.
HEALTHCHECK --interval=5s --timeout=5s --start-period=10m --retries=6 CMD ["sentei", "healthy"]
# The program handles signals as a first process has to, and has no children that it does not wait for.
ENTRYPOINT ["sentei"]
CMD ["--help"]

# A static binary and the time zones, and nothing else: docker build -t httpmon . && docker logs -f web | docker run -i --rm httpmon
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev tzdata
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY tests/bench tests/bench
RUN cargo build --release --locked

FROM scratch
# For --tz and --log-tz.
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /src/target/release/httpmon /httpmon
USER 65534:65534
ENTRYPOINT ["/httpmon"]

# The module, built from this tree, in a stock Envoy with the example configuration.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /tollgate
RUN rustup target add wasm32-wasip1
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY src src
RUN cargo build --release --target wasm32-wasip1

FROM envoyproxy/envoy:v1.40.0
WORKDIR /tollgate
COPY --from=build /tollgate/target/wasm32-wasip1/release/tollgate.wasm target/wasm32-wasip1/release/tollgate.wasm
COPY envoy/envoy.yaml envoy/envoy.yaml
# A container's loopback cannot be reached from outside: the gateway (8080) and the metrics (9901) listen on all of the
# container's addresses instead. docker-compose.yaml publishes them on the host's loopback only, because the example
# lets anyone in who can connect.
RUN sed -i -E 's/address: 127\.0\.0\.1, port_value: (8080|9901)/address: 0.0.0.0, port_value: \1/' envoy/envoy.yaml
CMD ["envoy", "-c", "envoy/envoy.yaml", "--file-flush-interval-msec", "1000"]

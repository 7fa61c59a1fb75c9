# The image of radsluice: built in one stage, run in another that has no compiler and no development packages.
# docs/testing.md says what of this is tested, and what is not.

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY scripts/node24 scripts/node24
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /opt/radsluice
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY bin bin
COPY config.schema.json LICENSE ./
COPY examples examples
COPY --from=build /build/dist dist

# Batched packet I/O comes with koffi, an optional package that `npm ci` installs. Its self-test must pass in the container before `auto` uses
# it, and the result is lost with the container: docs/operating.md, "Packet I/O", says how to keep it or to do without.

# Run it with --sysctl net.ipv4.ip_no_pmtu_disc=1 where a path has a smaller MTU: docs/operating.md says why.

# `docker stop` kills after 10 s, and drain_limit is 20 s by default: run it with --stop-timeout 30, or more than your drain_limit.

# Ports above 1023, and `node` is the unprivileged user that the base image brings.
USER node
EXPOSE 1812/udp 1813/udp
# `status` ends with 0 (healthy), 1 (degraded: a server is Down, say, and a restart of the proxy would help nobody) or 3
# (not running).
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["sh", "-c", "node bin/start.cjs status > /dev/null; test $? -le 1"]
ENTRYPOINT ["node", "bin/start.cjs"]
CMD ["run", "-c", "/etc/radsluice/radsluice.yaml"]

# syntax=docker/dockerfile:1
# One image for each service: docker build --build-arg SERVICE=booking --tag frontdesk/booking:dev .
# Its process is `main`; with `migrate` as the argument it brings the database to its schema and ends.

FROM node:24.21.0-bookworm-slim AS build
RUN npm install --global --ignore-scripts @pnpm/exe.linux-x64@12.21.0 \
  && install -m 755 "$(npm root --global)/@pnpm/exe.linux-x64/pnpm" /usr/local/bin/pnpm
WORKDIR /src
COPY pnpm-lock.yaml pnpm-workspace.yaml ./
RUN --mount=type=cache,target=/pnpm-store pnpm fetch --store-dir /pnpm-store
COPY . .
ARG SERVICE
RUN test -n "$SERVICE" || { echo 'which one? --build-arg SERVICE=<folder in services/>' >&2; exit 64; }
RUN --mount=type=cache,target=/pnpm-store CI=true pnpm install --offline --frozen-lockfile --store-dir /pnpm-store \
    --filter "@frontdesk/$SERVICE..." --filter @frontdesk/scripts
RUN cd "services/$SERVICE" && node ../../scripts/src/build-service.ts \
  && mkdir -p /app \
  && cp -r dist drizzle /app/
# Node keeps and takes compiled code for each user apart; the command is none that exists, so that it loads everything and ends with 64.
RUN rm -r /app/dist/compile-cache && install -d -o 65532 -g 65532 /app/dist/compile-cache \
  && { setpriv --reuid 65532 --regid 65532 --clear-groups node /app/dist/main.mjs usage; test $? -eq 64; } \
  && mv /app/dist/compile-cache /compile-cache

# No shell, no package manager: glibc, certificates, the Node that the tests ran on, and the bundle.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build /app /app
COPY --from=build --chown=65532:65532 /compile-cache /app/dist/compile-cache
ENV NODE_ENV=production
USER 65532:65532
EXPOSE 8080 9090 50051
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/main.mjs"]

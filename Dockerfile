FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Optional is what only `gerbang demo` needs.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY config ./config
COPY scripts/healthcheck.mjs ./healthcheck.mjs
# A volume in its place belongs to who runs the gateway.
RUN install -d -o node -g node -m 700 /var/lib/gerbang
USER node
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["node", "healthcheck.mjs"]
# node itself receives SIGTERM, and the gateway finishes what is under way.
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]

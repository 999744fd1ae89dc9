FROM node:22 AS deps
RUN npm --version
FROM deps
ARG MODE=development
ENV NODE_ENV=$MODE
RUN npm run build

# Two stages: wheels are built where there is a compiler, and run where there is none.
# The base is named by its tag: pin it to the digest that your own mirror has checked (docs/handbook-city.md).
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS wheels
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.lock ./
RUN pip wheel --no-cache-dir --require-hashes -r requirements.lock -w /wheels
COPY pyproject.toml README.md LICENSE ./
COPY platform platform
COPY hotline hotline
COPY trading trading
COPY search search
COPY portal portal
RUN pip install --no-cache-dir --no-index --find-links /wheels hatchling \
 && pip wheel --no-cache-dir --no-deps --no-build-isolation . -w /wheels \
 && rm -f /wheels/hatchling-* /wheels/editables-*

FROM ${PYTHON}
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-noto-cjk postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 sunhall \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin sunhall \
 && install -d -o sunhall -g sunhall -m 0700 /var/lib/sunhall /var/lib/sunhall-changes
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-compile /wheels/*.whl \
 && pip uninstall -y pip setuptools wheel
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 LC_ALL=C.UTF-8 SUNHALL_HOME=/var/lib/sunhall
USER 10001:10001
WORKDIR /var/lib/sunhall
EXPOSE 8000
CMD ["sunhall", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]

"""Fixtures: an empty store of every kind for each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from personalize.session.database_store import DatabaseStore
from personalize.session.memory_store import MemoryStore
from personalize.session.store import Store
from tests.session.postgres import PostgresServer, find_binaries
from tests.session.s3_server import S3Server

STORES = ("memory", "sqlite", "s3", *(("postgresql",) if find_binaries() else ()))
"""Kinds of stores. The pictures of "s3" are on an S3-compatible server. PostgreSQL takes part wherever its
server is installed; .ci/run installs it."""

OpenStore = Callable[[], Store]


def pytest_report_header() -> str:
    return f"stores: {', '.join(STORES)}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database without a table. It is emptied after the test: that is faster than a new database."""
    url = postgres.url("postgres")
    yield url
    engine = create_engine(url, connect_args={"options": "-c lock_timeout=10s"})
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3") / "log.txt") as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server with an empty bucket; the environment of the test leads to it."""
    assert s3_server.environment is not None
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    client = s3_server.client()
    for key in s3_server.objects():
        client.delete_object(Bucket=s3_server.bucket, Key=key)
    return s3_server


@pytest.fixture(params=[name for name in STORES if name not in ("memory", "s3")])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """A function that opens the same store on disk again with each call."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'palate.sqlite3'}"
    with ExitStack() as opened:

        def open_one() -> Store:
            store = DatabaseStore(url, tmp_path / "pictures", lock_wait_s=10.0)
            opened.callback(store.close)
            return store

        yield open_one


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    else:
        url = f"sqlite:///{tmp_path / 'palate.sqlite3'}"
    pictures: Path | str = tmp_path / "pictures"
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        pictures = f"s3://{server.bucket}/pictures"
    on_disk = DatabaseStore(url, pictures, lock_wait_s=10.0)
    yield on_disk
    on_disk.close()

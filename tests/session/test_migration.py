"""Databases of every earlier version come to today's tables with every row."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from personalize.errors import StoreError
from personalize.session.database_store import DatabaseStore
from personalize.session.tables import SCHEMA_VERSION, Table
from tests.session.conftest import STORES
from tests.session.earlier import MADE_BY, fill, rows_in
from tests.session.examples import A, B, content, pick, round_, session

ON_DISK = [name for name in STORES if name != "memory"]


@pytest.fixture(params=ON_DISK)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'palate.sqlite3'}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def opened(url: str, folder: Path) -> DatabaseStore:
    return DatabaseStore(url, folder / "pictures", lock_wait_s=20.0)


def version_of(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT version FROM palate_schema")).scalars())


def shape(engine: Engine) -> dict[str, object]:
    """Columns, keys, indexes and checks of every table, whatever their order."""
    found: dict[str, object] = {}
    look = inspect(engine)
    for table in look.get_table_names():
        found[table] = (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)),
            look.get_pk_constraint(table)["constrained_columns"],
            sorted(
                (key["constrained_columns"], key["referred_table"], key["options"])
                for key in look.get_foreign_keys(table)
            ),
            sorted(one["column_names"] for one in look.get_unique_constraints(table)),
            sorted(
                (
                    one["name"],
                    one["column_names"],
                    bool(one["unique"]),
                    sorted((name, str(value)) for name, value in one.get("dialect_options", {}).items()),
                )
                for one in look.get_indexes(table)
            ),
            sorted((one["name"], one["sqltext"]) for one in look.get_check_constraints(table)),
        )
    return found


@pytest.mark.parametrize("made_by", MADE_BY)
def test_every_row_of_an_earlier_version_is_there_again(
    url: str, engine: Engine, tmp_path: Path, made_by: str
) -> None:
    fill(engine, made_by)
    before = rows_in(engine)
    for _ in range(2):  # the second opening changes nothing
        opened(url, tmp_path).close()
        assert version_of(engine) == [SCHEMA_VERSION]
        after = rows_in(engine)
        for table, rows in before.items():
            kept = [{name: row[name] for name in rows[0]} for row in after[table]]
            assert sorted(kept, key=repr) == rows, table
    store = opened(url, tmp_path)
    first, second = store.load("token"), store.load("other")
    said = [(one.answer.kind, one.answer.best, one.answer.worst) for one in first.answered if one.answer]
    assert said == [("best", 0, 2), ("none", None, None)] and not first.left_out
    assert first.current is not None and first.current.number == 3
    assert second.answered[0].answer is not None and second.answered[0].answer.best == 1
    assert second.answered[0].answer.liked == ((0,) if made_by[-1] in "45" else ())
    assert [trial.chosen for trial in store.trials("token")] == (
        [] if made_by[0] == "1" and made_by[-1] not in "45" else ["personal", None]
    )
    assert store.owns("token", A) and not store.owns("token", B)
    assert store.embeddings("embedder", [A])[A].numpy().tobytes() == bytes(range(8))
    card = store.card_of("token")
    assert (card is not None) == (made_by[0] == "3" or made_by[-1] in "45")
    assert store.put_card("token", content(2)).number == (1 if card is None else 8)
    store.append_answer("token", 3, pick(1))
    assert store.delete("token") > 0
    store.close()


@pytest.mark.parametrize("made_by", MADE_BY)
def test_the_tables_are_those_of_a_new_database(
    url: str, engine: Engine, tmp_path: Path, made_by: str
) -> None:
    opened(url, tmp_path).close()
    new = shape(engine)
    with engine.begin() as connection:
        Table.metadata.drop_all(connection)
    fill(engine, made_by)
    assert shape(engine) != new
    opened(url, tmp_path).close()
    assert shape(engine) == new
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Table.metadata) == []


REFUSED = {
    "sqlite": ("-1", "9", "0.5", "'left'", "''", "x'00'"),
    "postgresql": ("-1", "9", "1.6e9", "'left'"),
}


@pytest.mark.parametrize("made_by", ["new", "4"])
def test_the_database_refuses_an_answer_that_is_no_picture(
    url: str, engine: Engine, tmp_path: Path, made_by: str
) -> None:
    if made_by != "new":
        fill(engine, made_by)
    store = opened(url, tmp_path)
    if made_by == "new":
        store.create(session())
        store.append_round("token", round_(1))
        store.append_answer("token", 1, pick())
    store.close()
    before = rows_in(engine)
    for value in REFUSED[engine.dialect.name]:
        for column in ("best", "worst"):
            with pytest.raises(DBAPIError), engine.begin() as connection:
                connection.execute(text(f"UPDATE palate_answer SET {column} = {value}"))
    assert rows_in(engine) == before


DAMAGED = {"sqlite": ("0.5", "'left'", "-1", "9", "x'00'"), "postgresql": ("-1", "9", "2147483647")}


@pytest.mark.parametrize("made_by", ["1", "4"])
@pytest.mark.parametrize("column", ["best", "worst"])
def test_an_answer_of_before_that_is_no_picture_is_left_out(
    url: str, engine: Engine, tmp_path: Path, made_by: str, column: str
) -> None:
    values = DAMAGED[engine.dialect.name]
    fill(engine, made_by)
    with engine.begin() as connection:
        for nth, value in enumerate(values):
            connection.execute(
                text(
                    "INSERT INTO palate_round (id, session_id, number, subject, paths, prompts, seeds, "
                    "pictures, strategy) SELECT 100 + :n, session_id, 3 + :n, subject, paths, prompts, "
                    "seeds, pictures, strategy FROM palate_round WHERE id = 5"
                ),
                {"n": nth},
            )
            connection.execute(
                text(
                    f"INSERT INTO palate_answer (id, round_id, at, {column}) "
                    f"SELECT 100 + :n, 100 + :n, at, {value} FROM palate_answer WHERE id = 5"
                ),
                {"n": nth},
            )
    opened(url, tmp_path).close()
    store = opened(url, tmp_path)
    loaded = store.load("other")
    assert loaded.left_out == tuple(range(3, 3 + len(values)))
    assert [one.number for one in loaded.counted] == [1]
    store.change_answer("other", 3, pick(2))
    assert store.load("other").left_out == loaded.left_out[1:]
    store.close()
    with engine.connect() as connection:
        stood = connection.execute(text("SELECT damaged FROM palate_answer WHERE damaged <> '' ORDER BY id"))
        for value, kept in list(zip(values, stood.scalars(), strict=True))[:4]:
            assert f"{column} {value.strip(chr(39))}" in kept


def test_several_programs_may_open_an_earlier_database_at_once(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    fill(engine, "1")
    before = rows_in(engine)
    with ThreadPoolExecutor(4) as programs:
        stores = list(programs.map(lambda _: opened(url, tmp_path), range(4)))
    assert version_of(engine) == [SCHEMA_VERSION]
    assert all(store.load("token").answered for store in stores)
    assert {table: len(rows) for table, rows in rows_in(engine).items() if rows} == {
        table: len(rows) for table, rows in before.items()
    }
    for store in stores:
        store.close()


def test_several_databases_may_be_brought_up_to_date_at_once(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / str(number)}.sqlite3" for number in range(4)]
    for one in urls:
        engine = create_engine(one)
        fill(engine, "1")
        engine.dispose()
    with ThreadPoolExecutor(4) as programs:
        for store in programs.map(lambda one: opened(one, tmp_path), urls):
            assert len(store.load("token").answered) == 2
            store.close()


@pytest.mark.parametrize("version", ["0", "-3", "7", "99"])
def test_a_version_that_is_not_known_is_refused_and_left_as_it_is(
    url: str, engine: Engine, tmp_path: Path, version: str
) -> None:
    fill(engine, "4")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE palate_schema SET version = {version}"))
    before = shape(engine), rows_in(engine)
    with pytest.raises(StoreError, match=f"found version {version}"):
        opened(url, tmp_path)
    assert (shape(engine), rows_in(engine)) == before


def test_a_step_that_fails_changes_nothing(url: str, engine: Engine, tmp_path: Path) -> None:
    fill(engine, "2")
    with engine.begin() as connection:
        # The last step adds this column, so it fails after the others.
        connection.execute(text("ALTER TABLE palate_answer ADD COLUMN damaged VARCHAR"))
    before = shape(engine), rows_in(engine)
    with pytest.raises(StoreError, match="damaged"):
        opened(url, tmp_path)
    assert (shape(engine), rows_in(engine), version_of(engine)) == (*before, [2])


@pytest.mark.app
def test_a_new_database_and_one_of_today_open_without_alembic(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from personalize.session.database import Database\n"
        f"for _ in range(2): Database('sqlite:///{tmp_path / 'palate.sqlite3'}').close()\n"
        "assert not [name for name in sys.modules if name.startswith(('alembic', 'mako'))]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_deletion_finds_the_rows_of_every_foreign_key_by_an_index(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    opened(url, tmp_path).close()
    look = inspect(engine)
    for table in look.get_table_names():
        whole = [look.get_pk_constraint(table)["constrained_columns"]]
        whole += [one["column_names"] for one in look.get_unique_constraints(table)]
        for one in look.get_indexes(table):
            if not any(name.endswith("where") for name in one.get("dialect_options", {})):
                whole.append([str(name) for name in one["column_names"]])
        for key in look.get_foreign_keys(table):
            columns = key["constrained_columns"]
            assert any(begins[: len(columns)] == columns for begins in whole), (table, columns)

"""Databases as earlier versions of Palate left them: their own statements, and rows in every table."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import JSON, DateTime, Engine, LargeBinary, bindparam, create_engine, inspect, text

from personalize.session.rows import token_hash
from tests.session.examples import A, B, C, content, round_, session

FOLDER = Path(__file__).parent / "schemas"
"""The statements that each version executed in an empty database."""

AT = datetime(2026, 11, 24, 9, 0)
LATER = datetime(2026, 11, 24, 9, 5)

MADE_BY = ("1", "2", "3", "4", "5", "3, brought to 4", "1, brought to 4")
"""Versions of Palate that made a database; versions 2 to 5 brought earlier ones up to date."""


def fill(engine: Engine, made_by: str) -> None:
    """Make a database as one of MADE_BY left it, with two sessions and every kind of answer."""
    version = int(made_by[0])
    with engine.begin() as connection:
        for one in _statements(engine, version):
            connection.execute(text(one))
        if "brought" in made_by:
            added = {1: ("palate_trial", "palate_card"), 3: ()}[version]
            for one in _statements(engine, 4):
                if any(table in one for table in added):
                    connection.execute(text(one))
            for column in ("liked", "disliked"):
                connection.execute(text(f"ALTER TABLE palate_answer ADD COLUMN {column} JSON"))
            version = 4
        for table, rows in _rows(version).items():
            for row in rows:
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                statement = text(f"INSERT INTO {table} ({names}) VALUES ({values})")
                types = {
                    name: LargeBinary() if isinstance(value, bytes) else JSON()
                    for name, value in row.items()
                    if isinstance(value, bytes | list)
                }
                times = {name: DateTime() for name, value in row.items() if isinstance(value, datetime)}
                typed = [bindparam(name, type_=kind) for name, kind in (types | times).items()]
                connection.execute(statement.bindparams(*typed), row)
            if engine.dialect.name == "postgresql" and "id" in rows[0]:
                numbers = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}"
                connection.execute(text(numbers))


def rows_in(engine: Engine) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables, as the driver reads them, without the version."""
    found = {}
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            if table != "palate_schema":
                read = connection.execute(text(f"SELECT * FROM {table}")).mappings()
                found[table] = sorted((dict(row) for row in read), key=repr)
    return found


def sqlite_engine(file: Path) -> Engine:
    """An engine of an SQLite file, with the driver's own settings."""
    return create_engine(f"sqlite:///{file}")


def _statements(engine: Engine, version: int) -> list[str]:
    file = FOLDER / f"version_{version}.{engine.dialect.name}.sql"
    return [one for one in file.read_text("utf-8").split(";\n") if one.strip()]


def _rows(version: int) -> dict[str, list[dict[str, object]]]:
    made = session()
    sessions = [
        {
            "id": number,
            "token_hash": token_hash(token),
            "seed": str(made.seed),
            "subject": made.subject,
            "strategy": "adaptive",
            "options": 3,
            "vocabulary": made.vocabulary,
            "renderer": made.renderer,
            "embedder": made.embedder,
            "created": AT,
        }
        for number, token in ((1, "token"), (2, "other"))
    ]
    rounds = []
    for number, of, nth, withdrawn in (
        (1, 1, 1, None),
        (2, 1, 2, None),
        (3, 1, 3, None),
        (4, 1, 4, AT),
        (5, 2, 1, None),
    ):
        asked = round_(nth)
        rounds.append(
            {
                "id": number,
                "session_id": of,
                "number": nth,
                "subject": asked.subject,
                "paths": [list(path) for path in asked.paths],
                "prompts": list(asked.prompts),
                "seeds": list(asked.seeds),
                "pictures": [A, B, C],
                "strategy": "adaptive",
                "withdrawn_at": withdrawn,
            }
        )  # fmt: skip
    answers: list[dict[str, object]] = [
        {"id": 1, "round_id": 1, "best": 0, "worst": 2, "at": AT, "undone_at": None},
        {"id": 2, "round_id": 2, "best": 2, "worst": None, "at": AT, "undone_at": LATER},
        {"id": 3, "round_id": 2, "best": None, "worst": None, "at": LATER, "undone_at": None},
        {"id": 4, "round_id": 4, "best": 1, "worst": None, "at": AT, "undone_at": AT},
        {"id": 5, "round_id": 5, "best": 1, "worst": None, "at": AT, "undone_at": None},
    ]
    if version >= 4:
        answers[4] |= {"liked": [0], "disliked": [2], "worst": 2}
    filled: dict[str, list[dict[str, object]]] = {
        "palate_schema": [{"version": version}],
        "palate_session": sessions,
        "palate_round": rounds,
        "palate_answer": answers,
        "palate_picture": [{"picture": A, "content": A}, {"picture": B, "content": C}],
        "palate_record": [
            {
                "id": 1,
                "key": "k" * 64,
                "picture": A,
                "renderer": "renderer",
                "prompt": "a fox, 夜",
                "negative_prompt": "",
                "seed": "-7",
            }
        ],
        "palate_seen": [{"session_id": 1, "picture": A}, {"session_id": 2, "picture": A}],
        "palate_embedding": [
            {"embedder": "embedder", "picture": A, "dtype": "float32", "content": bytes(range(8))}
        ],
    }
    if version >= 2:
        filled["palate_trial"] = [
            {
                "id": number,
                "session_id": 1,
                "number": number,
                "subject": "a fox",
                "plain_prompt": "a fox",
                "prompt": "a fox, night",
                "plain": A,
                "personal": B,
                "personal_first": number == 1,
                "chosen": "personal" if number == 1 else None,
                "at": AT,
            }
            for number in (1, 2)
        ]
    if version >= 3:
        filled["palate_card"] = [{"id": 7, "session_id": 1, "content": content(1), "state": "shown"}]
    return filled

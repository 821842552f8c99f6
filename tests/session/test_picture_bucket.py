"""Pictures in an object store: whole, checked, gone with their session, and every failure in a sentence."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.registry import get_filesystem_class

from personalize.errors import StoreError
from personalize.session.database_store import DatabaseStore
from personalize.session.picture_bucket import PictureBucket
from personalize.session.picture_place import open_place
from personalize.session.store import hash_of
from tests.session.examples import content, record, saved, session
from tests.session.s3_server import S3Server

PREFIX = "palate/pictures"


@pytest.fixture
def anew() -> Iterator[None]:
    """Connections are made anew within the test, so that a changed environment counts."""
    kind = get_filesystem_class("s3")
    kind.clear_instance_cache()
    yield
    kind.clear_instance_cache()


def url_of(server: S3Server) -> str:
    return f"s3://{server.bucket}/{PREFIX}"


def bucket_of(server: S3Server) -> PictureBucket:
    return PictureBucket(url_of(server))


def store_of(server: S3Server, folder: Path) -> DatabaseStore:
    return DatabaseStore(f"sqlite:///{folder / 'palate.sqlite3'}", url_of(server))


def key_of(picture: str) -> str:
    return f"{PREFIX}/{picture[:2]}/{picture}.png"


def told(error: StoreError) -> str:
    message = str(error)
    assert message.startswith("Expected ") and " found" in message and ".." not in message
    return message


def test_a_picture_is_one_object_under_its_hash_and_nothing_else_is_left(s3: S3Server) -> None:
    bucket = bucket_of(s3)
    pictures = {hash_of(content(n)): content(n) for n in range(3)}
    bucket.write(pictures)
    bucket.write(pictures)
    assert s3.objects() == {key_of(name): data for name, data in pictures.items()}
    assert [bucket.read(name, name) for name in pictures] == list(pictures.values())
    bucket.check()
    assert len(s3.objects()) == 3


def test_pictures_are_removed_whether_they_are_there_or_not(s3: S3Server) -> None:
    bucket = bucket_of(s3)
    names = [hash_of(content(n)) for n in range(3)]
    bucket.write({names[0]: content(0), names[1]: content(1)})
    bucket.remove(*names[1:])
    assert list(s3.objects()) == [key_of(names[0])]
    bucket.remove()
    bucket.remove(names[0])
    bucket.remove(names[0])
    assert s3.objects() == {}


def test_more_pictures_than_a_request_removes_are_removed(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personalize.session.picture_bucket.REMOVED_AT_ONCE", 2)
    bucket = bucket_of(s3)
    pictures = {hash_of(content(n)): content(n) for n in range(5)}
    bucket.write(pictures)
    bucket.remove(*pictures)
    assert s3.objects() == {}


@pytest.mark.parametrize("name", ["", "../" * 20 + "x", "A" * 64, "0" * 63, "0" * 65])
def test_a_name_from_outside_reaches_no_object(s3: S3Server, name: str) -> None:
    bucket = bucket_of(s3)
    calls = (lambda: bucket.read(name, name), lambda: bucket.remove(name), lambda: bucket.write({name: b""}))
    for call in calls:
        with pytest.raises(StoreError, match="found none in the store"):
            call()


@pytest.mark.parametrize("damage", ["cut", "emptied", "one bit", "removed"])
def test_a_damaged_picture_is_refused_and_can_be_restored(s3: S3Server, tmp_path: Path, damage: str) -> None:
    store = store_of(s3, tmp_path)
    picture = saved(store, 1)
    ((key, data),) = s3.objects().items()
    if damage == "removed":
        s3.client().delete_object(Bucket=s3.bucket, Key=key)
    else:
        changed = {"cut": data[:-1], "emptied": b"", "one bit": bytes([data[0] ^ 1]) + data[1:]}
        s3.client().put_object(Bucket=s3.bucket, Key=key, Body=changed[damage])
    with pytest.raises(StoreError, match="Render its round again") as caught:
        store.read_picture(picture)
    told(caught.value)
    store.restore_picture(picture, content(1))
    assert store.read_picture(picture) == content(1)
    store.close()


def test_an_object_that_is_too_large_is_read_in_part_and_refused(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket, picture = bucket_of(s3), hash_of(content(1))
    bucket.write({picture: content(1)})
    monkeypatch.setattr("personalize.session.picture_bucket.LARGEST_OBJECT", len(content(1)) - 1)
    with pytest.raises(StoreError, match="damaged"):
        bucket.read(picture, picture)


def test_two_stores_share_the_pictures_and_a_deleted_session_takes_its_own_along(
    s3: S3Server, tmp_path: Path
) -> None:
    first, second = store_of(s3, tmp_path), store_of(s3, tmp_path)
    for token in ("one", "two"):
        first.create(session(token))
    mine, shared = saved(first, 1), saved(second, 2)
    first.own("one", [mine, shared])
    second.own("two", [shared])
    assert second.read_picture(mine) == content(1)
    second.delete("one")
    assert list(s3.objects()) == [key_of(shared)] and first.read_picture(shared) == content(2)
    first.delete("two")
    assert s3.objects() == {}
    first.close()
    second.close()


def test_a_bucket_that_is_missing_is_said_at_the_start(s3: S3Server) -> None:
    with pytest.raises(StoreError, match="bucket does not exist. Check that the bucket exists") as caught:
        PictureBucket("s3://no-such-bucket/x")
    told(caught.value)


@pytest.mark.parametrize("wrong", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "both missing"])
def test_wrong_credentials_are_said_and_not_repeated(
    s3: S3Server, anew: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str
) -> None:
    if wrong == "both missing":
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    else:
        monkeypatch.setenv(wrong, "hunter2-of-somebody")
    with pytest.raises(StoreError, match="its address and its credentials") as caught:
        bucket_of(s3)
    assert "hunter2" not in told(caught.value)


def test_a_bucket_that_goes_away_is_noticed_and_one_that_comes_back_is_used(
    s3: S3Server, tmp_path: Path
) -> None:
    store, client = store_of(s3, tmp_path), s3.client()
    client.delete_bucket(Bucket=s3.bucket)
    try:
        for call in (store.check, lambda: store.save_picture(record(1), content(1))):
            with pytest.raises(StoreError, match="bucket does not exist") as caught:
                call()
            told(caught.value)
        assert store.find_picture(record(1)) is None
    finally:
        client.create_bucket(Bucket=s3.bucket)
    store.check()
    assert store.read_picture(saved(store, 1)) == content(1)
    store.close()


def test_a_store_that_does_not_answer_is_said(
    s3: S3Server, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="Could not connect"):
        bucket_of(s3)


def test_an_unknown_scheme_is_said() -> None:
    with pytest.raises(StoreError, match="Protocol not known: nonsense"):
        PictureBucket("nonsense://bucket/x")


@pytest.mark.parametrize(
    ("scheme", "package", "remedy"),
    [("s3", "s3fs", "pip install -r requirements-scale.txt"), ("gs", "gcsfs", "the package it names")],
)
def test_a_missing_package_is_one_sentence_with_the_line_that_installs_it(
    scheme: str, package: str, remedy: str
) -> None:
    program = (
        f"import sys; sys.modules['{package}'] = None\n"
        "from personalize.errors import StoreError\n"
        "from personalize.session.picture_bucket import PictureBucket\n"
        f"try: PictureBucket('{scheme}://bucket/x')\n"
        "except StoreError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Expected the package for addresses with {scheme}://, found")
    assert remedy in done.stdout and done.stdout.count("\n") == 1


def test_a_file_system_that_writes_in_place_gets_a_picture_under_another_name_first() -> None:
    place = open_place("memory://palate/pictures")
    assert isinstance(place, PictureBucket)
    pictures = {hash_of(content(n)): content(n) for n in range(2)}
    first, second = pictures
    place.write(pictures)
    assert place.read(first, first) == content(0)
    files = place._files
    assert sorted(files.find("/palate/pictures")) == sorted(
        f"/palate/pictures/{name[:2]}/{name}.png" for name in pictures
    )
    place.remove(first, first, second)
    assert files.find("/palate/pictures") == []
    with pytest.raises(StoreError, match="found none"):
        place.read(first, first)

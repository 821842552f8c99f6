"""An S3-compatible server on loopback, in a process of its own, which knows who may do what."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

STARTS_WITHIN_S = 60.0
REGION = "us-east-1"
FREE_ACTIONS = 4
"""Requests before the server asks for credentials: those that make a user, a policy, a key and a bucket."""

EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass
class S3Server:
    """The server, with one bucket and one user who may use it.

    Attributes:
        log: file of what the server says.
        url: address.
        bucket: name of the bucket.
        environment: variables that lead a client to it.
    """

    log: Path
    url: str = ""
    bucket: str = "pictures-of-palate"
    environment: dict[str, str] | None = None

    def __enter__(self) -> "S3Server":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.restart()
        return self

    def restart(self) -> None:
        """Start the process, with an empty bucket and a user with a new key."""
        self._start()
        nobody = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nothing"}
        users = self._service("iam", **nobody)
        users.create_user(UserName="palate")
        users.put_user_policy(UserName="palate", PolicyName="s3", PolicyDocument=json.dumps(EVERYTHING))
        key = users.create_access_key(UserName="palate")["AccessKey"]
        self._service("s3", **nobody).create_bucket(Bucket=self.bucket)
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _start(self) -> None:
        """Start the process and wait until it answers."""
        environment = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(FREE_ACTIONS)}
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.url.rpartition(":")[2]]
        with self.log.open("wb") as stream:
            self._process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
        until = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                with urllib.request.urlopen(self.url + "/moto-api/", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError) as error:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"The S3 server did not start:\n{self.log.read_text()}") from error
            time.sleep(0.1)

    def stop(self) -> None:
        """End the process; all objects are gone."""
        self._process.kill()
        self._process.wait()

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """All objects of the bucket, by their keys."""
        client = self.client()
        listed = client.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        keys = [one["Key"] for one in listed]
        return {key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def client(self) -> Any:
        """A client of the server's maker, with the rights of the user."""
        assert self.environment is not None
        return self._service(
            "s3",
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def _service(self, name: str, **credentials: str) -> Any:
        import boto3

        return boto3.session.Session().client(name, endpoint_url=self.url, region_name=REGION, **credentials)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

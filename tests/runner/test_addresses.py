from __future__ import annotations

import contextvars
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.public_addresses import is_inside, is_public
from stepcrew_runner.isolation.addresses import (
    AttemptOver,
    PrivateAddress,
    Reach,
    as_platform,
    asking_model,
    trusted,
)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "0.0.0.0"),
        *("100.64.0.1", "::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "224.0.0.1", "255.255.255.255", "ff02::1", "localhost", "", "2130706433"),
        *("::127.0.0.1", "::169.254.169.254", "::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe", "64:ff9b:1::a9fe:a9fe"),
        *("64:ff9b:1:ffff::7f00:1", "64:ff9b::10.0.0.1", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        *(
            "fec0::1",
            "100::1",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "::",
            "2606:4700::1111%eth0",
            "4000::1",
            "2001:20::1",
        ),
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "::127.0.0.1", "fe80::1%eth0"])
def test_an_address_inside_is_seen_in_every_notation_that_resolvers_accept(host: str) -> None:
    assert is_inside(host)


@pytest.mark.parametrize("host", ["example.com", "1.1.1.1", "2606:4700:4700::1111", "134744072"])
def test_names_and_public_addresses_are_not_inside(host: str) -> None:
    assert not is_inside(host)


def connect(target: tuple[str, int]) -> None:
    with socket.socket() as one:
        one.settimeout(1)
        one.connect(target)


def test_the_operators_endpoint_is_open_to_requests_to_models_and_to_nothing_else(model: ScriptedModel) -> None:
    host, port = "127.0.0.1", int(model.server_address[1])
    with asking_model():
        connect((host, port))
    with pytest.raises(PrivateAddress):
        connect((host, port))
    with asking_model(), socket.create_server((host, 0)) as other, pytest.raises(PrivateAddress):
        connect(other.getsockname())


def test_a_datagram_is_refused_like_a_connection(model: ScriptedModel) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(PrivateAddress):
        one.sendto(b"x", ("169.254.169.254", 53))


def test_the_platforms_own_work_may_connect(model: ScriptedModel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        as_platform(connect, server.getsockname())
        with trusted():
            connect(server.getsockname())
        with pytest.raises(PrivateAddress):
            connect(server.getsockname())


def test_a_thread_that_a_library_starts_is_guarded_too(model: ScriptedModel) -> None:
    refused: list[BaseException] = []

    def work() -> None:
        try:
            connect(("127.0.0.1", 9))
        except PrivateAddress as error:
            refused.append(error)

    with trusted():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(refused) == 1


@pytest.mark.parametrize("address", ["file:///etc/hostname", "http://93.184.216.34/schema.json", "ftp://1.1.1.1/x"])
def test_no_library_opens_an_address_that_stands_in_a_document(model: ScriptedModel, address: str) -> None:
    with pytest.raises(PrivateAddress, match="stands in a document"):
        urllib.request.urlopen(address)


def test_a_socket_of_this_machine_is_refused(model: ScriptedModel, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as one:
        server.bind(path)
        server.listen()
        for target in (path, path.encode()):
            with pytest.raises(PrivateAddress):
                one.connect(target)
        with trusted():
            one.connect(path)


def test_what_belongs_to_an_attempt_that_is_over_connects_to_nothing(model: ScriptedModel) -> None:
    reach, refused = Reach(), list[str]()

    def work() -> None:
        reach.enter()
        with asking_model():
            connect(("127.0.0.1", int(model.server_address[1])))
        reach.shut()
        for target in (("127.0.0.1", int(model.server_address[1])), ("1.1.1.1", 443)):
            try:
                connect(target)
            except AttemptOver:
                refused.append(target[0])

    contextvars.Context().run(work)
    assert refused == ["127.0.0.1", "1.1.1.1"]

from __future__ import annotations

import socket
import threading
import urllib.request

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.isolation.addresses import PrivateAddress, as_platform, is_public, trusted


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "169.254.170.2", "0.0.0.0"),
        *("100.64.0.1", "::1", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "224.0.0.1", "255.255.255.255", "ff02::1", "localhost", "", "2130706433"),
    ],
)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


def connect(target: tuple[str, int]) -> None:
    with socket.socket() as one:
        one.settimeout(1)
        one.connect(target)


def test_a_crew_reaches_the_operators_endpoint_and_nothing_else_inside(model: ScriptedModel) -> None:
    host, port = "127.0.0.1", model.server_address[1]
    connect((host, port))
    with socket.create_server((host, 0)) as other, pytest.raises(PrivateAddress):
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


def test_no_library_opens_a_file_of_the_platform_as_an_address(model: ScriptedModel) -> None:
    with pytest.raises(PrivateAddress, match="nothing but web addresses"):
        urllib.request.urlopen("file:///etc/hostname")

"""TLS to the providers, as the example sets it: the provider's name is sent, and nobody else's certificate is taken."""

import ssl
import subprocess

import example
import pytest
from client import chat


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority, and certificates of it: `make("name")`."""
    folder = tmp_path_factory.mktemp("tls")
    openssl(folder, "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=test-ca -keyout ca.key -out ca.pem")

    def make(name: str) -> ssl.SSLContext:
        openssl(folder, f"req -newkey rsa:2048 -nodes -subj /CN=any -keyout {name}.key -out {name}.csr")
        (folder / "san").write_text(f"subjectAltName=DNS:{name}")
        openssl(folder, f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 1 -extfile san -out {name}.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        return context

    make.ca = str(folder / "ca.pem")
    return make


def openssl(folder, arguments: str) -> None:
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)


def tls_to(port: int, ca: str | None):
    """The example's own transport socket for `openai`, whose host is this machine by name; `ca` in place of the roots."""

    def edit(tree: dict) -> None:
        cluster = example.clusters(tree)["openai"]
        address = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]
        address["socket_address"] = {"address": "localhost", "port_value": port}
        cluster["transport_socket"] = example.clusters(example.bootstrap())["openai"]["transport_socket"]
        if ca:
            common = cluster["transport_socket"]["typed_config"]["common_tls_context"]
            common["validation_context"]["trusted_ca"]["filename"] = ca

    return edit


@pytest.mark.both
def test_the_providers_name_is_sent_and_its_certificate_taken(gateway, upstream, authority):
    context, names = authority("localhost"), []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    one = upstream(tls=context)
    response = chat(gateway(example.plan("openai"), edit=tls_to(one.port, authority.ca)).url)
    assert (response.status, names) == (200, ["localhost"])


@pytest.mark.parametrize("name, known_ca", [("someone-else.example", True), ("localhost", False)])
@pytest.mark.both
def test_a_certificate_of_someone_else_or_of_an_unknown_authority_is_refused(gateway, upstream, authority, name, known_ca):
    one = upstream(tls=authority(name))
    running = gateway(example.plan("openai"), edit=tls_to(one.port, authority.ca if known_ca else None))
    assert chat(running.url).status == 503
    assert one.requests == []
    counted = running.stats("cluster.openai.ssl.fail_verify")
    assert counted["cluster.openai.ssl.fail_verify_san" if known_ca else "cluster.openai.ssl.fail_verify_error"] > 0

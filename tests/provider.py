"""canaille with one person and one client, in a process of its own: `python tests/provider.py PORT REDIRECT`.

It runs with its own packages (requirements-provider.lock), not with ours."""

import datetime
import sys
from importlib import import_module

CLIENT, SECRET, PERSON, PASSWORD = "sunhall", "only-for-tests-secret", "wangwu", "correct horse battery staple"


def main(port: int, redirect: str) -> None:
    create_app = import_module("canaille").create_app  # by name: its packages are not there where types are checked
    models = import_module("canaille.app.models")
    jwk = import_module("joserfc.jwk")
    run_simple = import_module("werkzeug.serving").run_simple

    key = jwk.generate_key("RSA", 2048)
    told = {
        "SECRET_KEY": "only-for-tests", "SERVER_NAME": f"127.0.0.1:{port}", "PREFERRED_URL_SCHEME": "http",
        "CANAILLE": {
            "DATABASE": "memory", "JAVASCRIPT": False, "SMTP": None,
            "ACL": {"DEFAULT": {"READ": ["user_name"], "PERMISSIONS": ["edit_self", "use_oidc"], "WRITE": []}},
        },
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)], "TRUSTED_DOMAINS": ["127.0.0.1"]},
    }  # fmt: skip
    app = create_app(told)
    with app.app_context():
        backend = import_module("canaille.backends").Backend.instance
        backend.save(
            models.User(
                formatted_name="王五", family_name="王", user_name=PERSON, emails=["wangwu@example.test"],
                password=PASSWORD,
            )
        )  # fmt: skip
        client = models.Client(
            client_id=CLIENT, client_name="hall", client_uri="http://127.0.0.1/", redirect_uris=[redirect],
            client_id_issued_at=datetime.datetime.now(datetime.UTC), client_secret=SECRET,
            grant_types=["authorization_code"], response_types=["code"], scope=["openid"],
            id_token_signed_response_alg="RS256",  # noqa: S106
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106
        )  # fmt: skip
        backend.save(client)
        client.audience = [client]
        backend.save(client)
    run_simple("127.0.0.1", port, app, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

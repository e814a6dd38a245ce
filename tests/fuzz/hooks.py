"""What schemathesis needs to know of us: who signs in, and which ids there are. FUZZ has both as JSON."""

import json
import os
import urllib.request

import schemathesis

FUZZ = json.loads(os.environ["FUZZ"])
IDS = FUZZ["ids"]


def sign_in():
    body = json.dumps({**FUZZ["account"], "refresh_token_in": "body"}).encode()
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{FUZZ['url']}/api/v1/auth/login", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


# Anew every few seconds: a call may have signed everybody out.
@schemathesis.auth(refresh_interval=3)
class Tokens:
    def get(self, case, ctx):
        return sign_in()

    def set(self, case, data, ctx):
        schemes = [name for scheme in case.operation.definition.raw.get("security", []) for name in scheme]
        tokens = {"access_token": data, "game_key": FUZZ["game_key"], "game_token": FUZZ["game_token"]}
        for scheme in schemes[:1]:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {tokens.get(scheme, data)}"}


@schemathesis.hook
def map_path_parameters(ctx, path_parameters):
    """Three of four ids are those of something that is there."""
    for name in path_parameters or {}:
        known = IDS.get(f"{ctx.operation.path} {name}") or IDS.get(name)
        if known and hash(str(path_parameters[name])) % 4:
            path_parameters[name] = known
    return path_parameters


@schemathesis.hook
def map_body(ctx, body):
    """So are three of four ids in bodies."""
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, str) and name in IDS and hash(value) % 4:
                body[name] = IDS[name]
    return body


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """No school comes to want second factors, or the rest of the run would only hear that one is missing. Here, as the cases that
    are made for coverage pass by no `map_body`."""
    if isinstance(case.body, dict) and case.body.get("require_second_factor") is True:
        case.body["require_second_factor"] = False

"""Calls one method of PyPI's pusher: reads {client, method, args} from stdin, writes the answer as JSON."""
import json
import sys

import pusher

call = json.load(sys.stdin)
client = pusher.Pusher(**call["client"])
answer = getattr(client, call["method"])(*call["args"])
json.dump(answer, sys.stdout, default=lambda value: value.decode())

"""A conversation over Piston's WebSocket, with a real interpreter and a real compiler: `piston_connect.py URL`. Messages and close
codes are those of `api/src/api/v2.js`; Piston's clients in registries do not use it."""

import asyncio
import sys

import aiohttp

ECHO = "import sys\nfor line in sys.stdin:\n    print('got', line.strip(), flush=True)\n    if line == 'end\\n':\n        sys.exit(3)\n"
SUM = '#include <stdio.h>\nint main() { int a, b; scanf("%d", &a); printf("one\\n"); fflush(stdout); scanf("%d", &b); printf("%d\\n", a + b); }\n'


class Conversation:
    def __init__(self, session):
        self.session = session

    async def begin(self, language, source):
        self.socket = await self.session.ws_connect(sys.argv[1] + "/api/v2/connect")
        file = {"name": "main", "content": source}
        await self.send({"type": "init", "language": language, "version": "*", "files": [file], "run_timeout": 30_000})

    async def send(self, message):
        await self.socket.send_json(message)

    async def type(self, line):
        await self.send({"type": "data", "stream": "stdin", "data": line})

    async def printed(self, text):
        """Reads until the program has printed this."""
        so_far = ""
        while len(so_far) < len(text):
            message = await self.socket.receive_json(timeout=60)
            if message["type"] == "data" and message["stream"] == "stdout":
                so_far += message["data"]
        assert so_far == text, so_far

    async def rest(self):
        """The remaining messages, and the code with which the connection is closed."""
        messages = []
        while True:
            message = await self.socket.receive(timeout=60)
            if message.type != aiohttp.WSMsgType.TEXT:
                return messages, self.socket.close_code
            messages.append(message.json())


async def main():
    async with aiohttp.ClientSession() as session:
        talk = Conversation(session)
        await talk.begin("python", ECHO)
        for line in ["hello", "world"]:
            await talk.type(line + "\n")
            await talk.printed(f"got {line}\n")
        await talk.type("end\n")
        messages, code = await talk.rest()
        exit = messages[-1]
        assert (exit["type"], exit["stage"], exit["code"], exit["signal"], code) == ("exit", "run", 3, None, 4999), messages

        await talk.begin("c", SUM)
        await talk.type("40\n")
        await talk.printed("one\n")
        await talk.type("2\n")
        messages, code = await talk.rest()
        assert [m.get("data") for m in messages] == ["42\n", None] and messages[-1]["code"] == 0, messages

        await talk.begin("c", "int main() { return x; }")
        messages, code = await talk.rest()
        kinds = [(m["type"], m.get("stage", m.get("stream"))) for m in messages]
        assert kinds == [("runtime", None), ("stage", "compile"), ("data", "stderr"), ("exit", "compile")], messages
        assert (messages[-1]["code"], code) == (1, 4999)

        await talk.begin("python", "import time\nprint('up', flush=True)\ntime.sleep(25)")
        await talk.printed("up\n")
        await talk.send({"type": "signal", "signal": "SIGINT"})
        messages, code = await talk.rest()
        assert (messages[-1]["signal"], code) == ("SIGINT", 4999), messages
    print("piston: conversations work", flush=True)


asyncio.run(main())

"""Sends chat-completions requests the way a Python script does it: asyncio and httpx with so many at once,
or, with --concurrency 1, one after the other. Reads the `body` of each line of a recording made by
`epicrisis notes write --record`; writes the texts of the answers. Prints its own cost as one line of JSON."""

import argparse
import asyncio
import json
import resource
import time

import httpx


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def send_all(bodies, arguments, output):
    limits = httpx.Limits(max_connections=arguments.concurrency, max_keepalive_connections=arguments.concurrency)
    slots = asyncio.Semaphore(arguments.concurrency)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def send(body):
            async with slots:
                answer = await client.post(f"{arguments.endpoint}/chat/completions", json=body)
                answer.raise_for_status()
                choice = answer.json()["choices"][0]
                if choice["finish_reason"] != "stop":
                    raise ValueError(choice["finish_reason"])
                output.write(json.dumps({"text": choice["message"]["content"]}) + "\n")

        await asyncio.gather(*(send(body) for body in bodies))


def send_in_turn(bodies, arguments, output):
    with httpx.Client(timeout=60) as client:
        for body in bodies:
            answer = client.post(f"{arguments.endpoint}/chat/completions", json=body)
            answer.raise_for_status()
            output.write(json.dumps({"text": answer.json()["choices"][0]["message"]["content"]}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording")
    parser.add_argument("--endpoint", required=True, help="http://127.0.0.1:PORT/v1")
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--requests", type=int, required=True, help="the bodies are taken again from the first on")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    with open(arguments.recording, encoding="utf-8") as file:
        kept = [json.loads(json.loads(line)["body"]) for line in file]
    bodies = [kept[i % len(kept)] for i in range(arguments.requests)]

    cpu, start = cpu_seconds(), time.monotonic()
    with open(arguments.output, "w", encoding="utf-8") as output:
        if arguments.concurrency == 1:
            send_in_turn(bodies, arguments, output)
        else:
            asyncio.run(send_all(bodies, arguments, output))
    print(
        json.dumps(
            {
                "requests": len(bodies),
                "wall": time.monotonic() - start,
                "cpu": cpu_seconds() - cpu,
                "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


if __name__ == "__main__":
    main()

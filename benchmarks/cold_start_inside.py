"""One step of a cold start in a process of its own; prints one JSON object with the CPU it took since its beginning.

Runs in the runner's environment: python cold_start_inside.py python|crewai|runner|model|bundle
"""

from __future__ import annotations

import sys
import time


def main(step: str) -> None:
    if step != "python":
        from stepcrew_runner.isolation import environment

        environment.prepare()
        import crewai  # noqa: F401
    if step in ("runner", "model"):
        from stepcrew.aws.clients import Clients
        from stepcrew_runner import wiring
        from stepcrew_runner.crew.install import install

        clients = Clients()
        _ = (clients.dynamodb, clients.s3, clients.sqs, clients.ssm)
        wiring.guard_process()
        install()
    if step == "model":
        from stepcrew_runner.crew.models import ModelFactory

        ModelFactory({"OPENAI_API_KEY": "local"}, "openai/gpt-4.1-mini", {}).make(None)
    print_result(time.process_time(), unpacked() if step == "bundle" else {})


def unpacked() -> dict[str, float]:
    """A bundle like that of a project whose packages are mostly Python."""
    import hashlib
    import io
    import random
    import zipfile

    from stepcrew_runner.isolation import environment
    from stepcrew_runner.project.bundle import unpack

    files, words, chance = 2_000, 1_500, random.Random(1)
    vocabulary = [f"{chance.getrandbits(40):x}" for _ in range(4_000)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        size = 0
        for number in range(files):
            text = " ".join(chance.choices(vocabulary, k=words))
            size += len(text)
            archive.writestr(f"packages/p{number % 100}/m{number}.py", text)
    content = buffer.getvalue()
    digest, begun = hashlib.sha256(content).hexdigest(), time.process_time()
    unpack(content, digest, environment.FOLDER / "bundle")
    took = time.process_time() - begun
    million = 1_000_000
    return {
        "files": files,
        "megabytes": size / million,
        "zipped_mb": len(content) / million,
        "ms_a_mb": took * 1000 / (size / million),
    }


def print_result(cpu: float, more: dict[str, float]) -> None:
    import json
    import resource
    from pathlib import Path

    loaded = {
        str(getattr(module, "__cached__", None) or getattr(module, "__file__", None) or "")
        for module in list(sys.modules.values())
    }
    files = [Path(one) for one in loaded if one and Path(one).is_file()]
    found = {
        "cpu_s": cpu,
        "files": len(files),
        "read_bytes": sum(file.stat().st_size for file in files),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found | more), file=sys.__stdout__, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

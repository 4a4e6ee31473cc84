from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent


def settings():
    return yaml.safe_load((HERE / "settings.yaml").read_text())

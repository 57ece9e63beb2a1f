"""Row SC01: what the hall is made of at run time, under which licences, as a list that a city's own tools can read."""

import json
import re
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from tests.conftest import ROOT

FREE = {
    "0BSD", "CC0-1.0", "Zlib",
    "Apache 2.0", "Apache License 2.0", "Apache Software License", "Apache-2.0", "BSD License", "BSD-2-Clause",
    "BSD-3-Clause", "ISC License", "ISC License (ISCL)", "MIT", "MIT License", "MIT-0", "MIT-CMU",
    "Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0", "PSF-2.0", "PSFL", "Python Software Foundation License",
}  # fmt: skip
NOTED = {
    "python-stdnum": "LGPL-2.1-or-later: imported as it is, unchanged, and replaceable by who runs the hall",
    "scipy": "BSD-3-Clause; its field holds the whole text, and its Fortran library the GCC runtime exception",
}
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)", re.MULTILINE)
LOCKED = dict(PINNED.findall((ROOT / "requirements.lock").read_text()))


def licences(name: str) -> set[str]:
    """As the package itself says: an expression, a word, or the classifiers of the index."""
    said = metadata(name)
    expression = said["License-Expression"] or (said["License"] or "")[:40]
    classified = {one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or () if one.startswith("License")}
    return set(re.split(r" AND | OR ", expression)) if expression.strip() else classified


@pytest.mark.parametrize("name", sorted(LOCKED))
def test_sc01_every_package_of_the_run_time_lock_is_under_a_licence_that_binds_the_city_to_nothing(name: str) -> None:
    said = licences(name)
    assert said, "no licence told"
    assert said <= FREE or name in NOTED, said


def test_sc01_the_list_would_see_what_it_forbids() -> None:
    assert not {"GPL-3.0-or-later", "AGPL-3.0-only", "SSPL-1.0"} & FREE


@pytest.mark.timeout(60)
def test_sc01_the_bill_of_materials_names_every_package_of_the_lock_with_version_and_hashes(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), "requirements", str(ROOT / "requirements.lock")]
    out = tmp_path / "sbom.cdx.json"
    subprocess.run([*command, "--of", "JSON", "-o", str(out)], check=True, capture_output=True, timeout=50)
    told = json.loads(out.read_text())
    assert told["bomFormat"] == "CycloneDX"
    named = {one["name"]: one for one in told["components"]}
    assert {name: one["version"] for name, one in named.items()} == LOCKED
    hashed = [name for name, one in named.items() if any(ref.get("hashes") for ref in one["externalReferences"])]
    assert len(hashed) == len(LOCKED)

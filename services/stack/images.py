"""Do the images fit the checkout, and do the containers run those that were built last?"""

import datetime
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.stack.docker import run
from services.stack.findings import MEND, Finding, mend, note, ok
from services.stack.switches import is_wanted

REVISION = "org.opencontainers.image.revision"
COPY = re.compile(r"^COPY\s+(?!--from)((?:--\S+\s+)*)(.+)$", re.M)
MOUNT = re.compile(r"type=bind,source=([^,\s]+)")
NOT_COPIED = re.compile(r"(^|/)__pycache__/|\.(md|pyc|Dockerfile)$|/requirements\.in$")
"""As .dockerignore has it."""


def check_images(
    config: "Mapping[str, Any]",
    settings: "Mapping[str, str]",
    wanted: "Sequence[str]",
    containers: "Sequence[Mapping[str, Any]]",
) -> "Iterator[Finding]":
    """A line for each image that is missing or older than the checkout, and for containers that run an older one.

    Args:
        config: what compose makes of its files and .env.
        settings: the variables.
        wanted: profiles that `make up` starts.
        containers: what Docker says of those of the project.
    """
    built = {str(one["image"]): one for one in config["services"].values() if one.get("build") and one.get("image")}
    there = ask_images(list(built))
    used = {str((one.get("Config") or {}).get("Image")) for one in containers}
    # One that nothing needs now is built when it is started.
    needed = [name for name, one in built.items() if name in used or is_wanted(one, wanted)]
    missing = [name for name in needed if name not in there]
    looked_at = [name for name in needed if name in there]
    found = [
        finding for name in looked_at for finding in check_image(name, there[name], built[name]["build"], settings)
    ]
    if missing:
        found.append(note(f"Not built yet: {', '.join(missing)}. `make build` builds them, as `make up` does"))
    yield from found
    older = find_older(config, there, containers)
    if older:
        yield mend(f"{', '.join(older)} run images from before the last build. `make up` starts them again")
    elif looked_at and not found:
        yield ok(f"{len(looked_at)} images fit the checkout")


def ask_images(names: "Sequence[str]") -> "dict[str, dict[str, Any]]":
    """Name -> what Docker says of the image, for those that are there; one that is not makes no failure of all."""
    told = run("docker", "image", "inspect", *names).stdout if names else ""
    found = json.loads(told) if told.strip().startswith("[") else []
    return {name: one for name in names for one in found if name in (one.get("RepoTags") or ())}


def check_image(
    name: str, image: "Mapping[str, Any]", build: "Mapping[str, Any]", settings: "Mapping[str, str]"
) -> "Iterator[Finding]":
    """What is to be said of one image: the commit that it names, and whether files changed since it was built."""
    sources = list_sources(Path(build.get("context", ".")), str(build.get("dockerfile", "Dockerfile")))
    if REVISION in ((image.get("Config") or {}).get("Labels") or {}):
        said = compare_revision(name, str(image["Config"]["Labels"][REVISION]), sources, settings)
        if said:
            yield said
            if said.level == MEND:
                return
    made = max(read_moment(image["Created"]), read_moment((image.get("Metadata") or {}).get("LastTagTime") or ""))
    changed, newest = find_newest(sources)
    if newest > made:
        yield mend(f"{name} was built before {changed} changed. `make up` builds and starts it, `make build` builds it")


def compare_revision(
    name: str, revision: str, sources: "Sequence[Path]", settings: "Mapping[str, str]"
) -> "Finding | None":
    """Whether an image names the commit of the checkout, by which a version's lineage says where it comes from."""
    head = settings.get("GIT_COMMIT") or settings.get("RELAY_REVISION") or ask_git("rev-parse", "HEAD").stdout.strip()
    if not head or revision == head:
        return None
    if not revision:
        return note(f"{name} names no commit, so that the versions it trains name none either. `make build` notes it")
    differs = ask_git("diff", "--quiet", revision, head, "--", *map(str, sources)).returncode != 0
    if differs:
        return mend(
            f"{name} is of commit {revision[:12]}; its files differ from those of {head[:12]}. `make up` builds it"
        )
    return note(
        f"{name} names commit {revision[:12]}, whose files equal those of {head[:12]}. `make build` notes the new one"
    )


def ask_git(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What git says of this checkout."""
    return run("git", *arguments)


def list_sources(context: Path, dockerfile: str) -> "list[Path]":
    """Files and folders of the checkout that an image is made from."""
    try:
        text = (context / dockerfile).read_text(encoding="utf-8")
    except OSError:
        return []
    copied = [path for _, said in COPY.findall(text) for path in said.split()[:-1]]
    return [context / path for path in dict.fromkeys([dockerfile, *MOUNT.findall(text), *copied])]


def find_newest(sources: "Sequence[Path]") -> "tuple[str, float]":
    """The file that changed last, and when, in seconds since 1970."""
    newest, when = "", 0.0
    for source in sources:
        files = [source] if source.is_file() else [Path(at) / one for at, _, names in os.walk(source) for one in names]
        for path in files:
            if path != sources[0] and NOT_COPIED.search(path.as_posix()):
                continue
            try:
                changed = path.stat().st_mtime
            except OSError:
                continue  # it went away meanwhile
            if changed > when:
                newest, when = os.path.relpath(path), changed
    return newest, when


def read_moment(text: str) -> float:
    """Seconds since 1970 of a moment as Docker writes it; 0 where it names none."""
    plain = re.sub(r"\.\d+", "", text).replace("Z", "+00:00")
    try:
        # The second is taken as over.
        return max(datetime.datetime.fromisoformat(plain).timestamp() + 1, 0.0)
    except (ValueError, OverflowError):
        return 0.0


def find_older(
    config: "Mapping[str, Any]", images: "Mapping[str, Mapping[str, Any]]", containers: "Sequence[Mapping[str, Any]]"
) -> "list[str]":
    """Services whose running containers have another image than their name stands for now."""
    older = []
    for one in containers:
        service = one["Config"]["Labels"].get("com.docker.compose.service", "")
        image = images.get(str(config["services"].get(service, {}).get("image")))
        if image and one["State"]["Status"] == "running" and one["Image"] != image["Id"]:
            older.append(service)
    return sorted(set(older))

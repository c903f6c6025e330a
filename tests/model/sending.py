"""Trainings that send their result to a registry, forked from an interpreter that has MLflow's client already."""

import os
import sys
from pathlib import Path

from projects import Project

sys.path.append(str(Path(__file__).resolve().parents[1] / "system"))

from stage_process import KILLED, Folders, Fork, fork_stage, wait_until, warm_up

__all__ = ["KILLED", "start_sending"]

warm_up("mlflow", "mlflow.store.tracking.sqlalchemy_store", "model.release.send", "model.release.candidates")


def start_sending(project: Project, tracking_uri: str) -> Fork:
    """A training of a new result; returns when that is in place, from where on it is sent, or when it has ended."""
    before = os.lstat(project.latest).st_ino
    folders = Folders(project.data_dir, project.folder / "logs")
    training = fork_stage(
        *("model", project.recipe, "--force", "--promote", "always"),
        folders=folders,
        output=project.folder / "said",
        environment={"MLFLOW_TRACKING_URI": tracking_uri},
    )
    wait_until(lambda: os.lstat(project.latest).st_ino != before, training, pause=0.005)
    return training

"""`pain3d`: one console script, one thin file a command (`eval-rig` is `eval_rig.py`).

A command's file is imported when it is called, so that `pain3d --help` answers at once.
"""

import importlib
import sys
from collections.abc import Callable

COMMANDS = {
    "generate": "make a labelled data set of paired pain and neutral faces, or a part of one",
    "merge": "join parts into one data set, the same bytes as a single run",
    "preview": "draw a contact sheet and a gallery in one HTML file",
    "verify": "read every byte of a data set back and say what is wrong",
    "audit": "report whether pictures show each action unit where it acts, the same for all",
    "surrogate-unbc": "make a stand-in for UNBC-McMaster in its raw layout, to try everything",
    "import": "read UNBC-McMaster, 3D-Pain, or pictures with OpenFace's CSVs into shards",
    "export": "write a data set in another layout, or as frames for OpenFace",
    "register": "align the faces of a data set, in the plane or drawn from the front",
    "attach-openface": "join what OpenFace read from exported pictures to their data set",
    "au-lists": "count the lists of action units that the 2D path paints (thesis tables 6 and 7)",
    "train-gan": "train networks that paint action units on faces, by folds or on everybody",
    "augment2d": "paint balanced faces in pain with networks that never saw who they paint",
    "train-au-reader": "train the small network that reads action units, to judge by",
    "evaluate2d": "how good painted faces are, beside the real ones they were made from",
    "classify": "train the thesis's classifier on real faces, painted ones, or both, by folds",
    "ablate": "train arm by arm on real, painted and drawn frames: which synthetic data helps",
    "ablation-report": "tables, plots and a report of what that found, from stored predictions",
    "train-rig": "train the neural rig on sampled people and many topologies",
    "rig-mesh": "put an expression on any head mesh, or draw every action unit on it",
    "eval-rig": "measure how close the neural rig comes to its teacher, on whom it has not seen",
    "pretrain": "train a pain estimator on shards, on their own train, val and test people",
    "finetune": "train a pain estimator by folds of subjects, as UNBC-McMaster is divided",
    "explain": "check what a pain estimator looks at: neutrals, patches, features, saliency",
    "evaluate": "tables, plots and a report from the stored predictions of a run",
    "predict": "read pain from pictures, folders, videos or data sets",
    "export-model": "write a pain estimator as ONNX, with its card",
    "assets": "add files that do not ship, such as the MakeHuman pack, and list them",
}
# A word of Python names no module.
FILES = {"import": "import_data"}


def main() -> None:
    """Run `pain3d COMMAND ...` and exit with its code: 0 done, 1 failed, 2 not understood."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command by its name, or say which there are."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    name = arguments[0]
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        print(f"pain3d: command must be one of {known}, got {name}", file=sys.stderr)
        return 2
    command = importlib.import_module(f"scripts.{FILES.get(name, name.replace('-', '_'))}")
    return reported(name, lambda: command.main(arguments[1:]))


def reported(name: str, command: Callable[[], int]) -> int:
    """Run a command; an error that a user can mend becomes one line on stderr and exit code 1."""
    try:
        return command()
    except KeyboardInterrupt:
        print(f"pain3d {name}: stopped; what was finished is kept", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"pain3d {name}: {one_line(error)}", file=sys.stderr)
        return 1


def usage() -> str:
    """Say which commands there are."""
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    head = ["usage: pain3d COMMAND [options]", "", "commands:"]
    return "\n".join([*head, *lines, "", "pain3d COMMAND --help lists the options of a command."])


def one_line(error: Exception) -> str:
    """An error's text in one line; a system error names its file."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()

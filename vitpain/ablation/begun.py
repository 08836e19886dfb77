"""What the models of a study begin with: weights of a backbone, or of a fit before."""

from pathlib import Path

from vitpain.ablation.config import StudyConfig
from vitpain.ablation.models import model
from vitpain.model.backbone import Weights
from vitpain.train import begin as beginning
from vitpain.train.begin import Begin


def begin(config: StudyConfig, name: str) -> Begin:
    """Begin a model with its backbone's weights.

    Raises ValueError for a name that no model has, and where weights of a file are for others too.
    """
    shapes = {one: model(one, config.backbone, config.size) for one in (*config.models, name)}
    weights, backbones = _weights(config), {one.backbone for one in shapes.values()}
    if isinstance(weights, Path) and len(backbones) > 1:
        rule = "hub or none where models have several backbones"
        raise ValueError(f"weights must be {rule}, got {weights} for {', '.join(config.models)}")
    return beginning.fresh(shapes[name], weights)


def begin_after(config: StudyConfig, first: Path) -> Begin:
    """Begin with the model of a fit that has ended."""
    weights = _weights(config)
    return beginning.of_run(first, {}, weights if isinstance(weights, Path) else None)


def _weights(config: StudyConfig) -> Weights:
    """Weights of the backbone by their name, or a file."""
    if config.weights == "hub" or config.weights == "none":
        return config.weights
    return Path(config.weights)

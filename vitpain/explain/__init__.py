"""What a model looks at: exchanged neutrals, shuffled patches, probes of features, saliency."""

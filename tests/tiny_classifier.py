"""A tiny image classifier with random weights, of a real architecture, that takes everything for one label."""

from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessor

LABELS = ("general", "explicit")


def build_tiny_classifier(folder: Path, always: str) -> Path:
    """Write a vision transformer whose likeliest label is `always`."""
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=16,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    model = ViTForImageClassification(config)
    with torch.no_grad():
        model.classifier.bias[LABELS.index(always)] += 9.0
    model.save_pretrained(folder, safe_serialization=True)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder

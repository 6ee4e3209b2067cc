"""What a single-file SDXL checkpoint leaves out: its components' configurations and CLIP's tokenizers."""

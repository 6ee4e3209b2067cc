"""What draws: everything in this folder but `local_engine.py` imports torch, and runs on the engine's thread."""

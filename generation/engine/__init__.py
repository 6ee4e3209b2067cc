"""What draws. What runs on an engine's thread imports torch; what the service holds doesn't.

`engine.py` is what the service asks of an engine. `local_engine.py` is one device, `many_devices.py` several of this
machine, `ray_engine.py` a cluster.
"""

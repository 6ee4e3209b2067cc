"""Settings under which the practice model draws in two steps, for tests in which the picture doesn't matter."""

import json

_PROFILE = {
    "title": "Quick",
    "guidance_scale": 5.0,
    "recommended_guidance_scale": [1.0, 7.0],
    "num_inference_steps": 2,
    "recommended_num_inference_steps": [1, 28],
    "quality_tags": "masterpiece",
    "lighter_quality_tags": "",
    "negative_prompt": "",
    "tag_order": ["subject", "character", "series", "rating", "tags", "year", "quality"],
}
QUICK = {
    "ANIM4GINE_MODEL__PROFILE": "quick",
    "ANIM4GINE_PROFILES__QUICK": json.dumps(_PROFILE),
    "ANIM4GINE_DRAWING__MAX_BATCH_SLOTS": "1",  # nothing is measured at start
}

"""The catalogue of the problems that are made on a device.

The sizes are those of the field: a million rows, ImageNet with its thousand classes, the 45
penalties by which image features are evaluated, and ten thousand probes of the activations of a
language model. The small ones come last: on them, a GPU does little but start kernels.
"""

import numpy as np

from benchmarks.data.device_embeddings import DeviceEmbeddings
from benchmarks.data.problem import DeviceProblem

DEVICE_PROBLEMS: dict[str, DeviceProblem] = {
    "binary": DeviceProblem("1 000 000 x 768, float32", DeviceEmbeddings(1_000_000, 768)),
    "binary-half": DeviceProblem(
        "1 000 000 x 768, stored in bfloat16",
        DeviceEmbeddings(1_000_000, 768, storage="bfloat16"),
    ),
    "binary-half-float16": DeviceProblem(
        "1 000 000 x 768, stored in float16", DeviceEmbeddings(1_000_000, 768, storage="float16")
    ),
    "imagenet": DeviceProblem(
        "1 281 167 x 768, 1000 classes, float32", DeviceEmbeddings(1_281_167, 768, 1000)
    ),
    "imagenet-half": DeviceProblem(
        "1 281 167 x 768, 1000 classes, stored in bfloat16",
        DeviceEmbeddings(1_281_167, 768, 1000, storage="bfloat16"),
    ),
    "sweep": DeviceProblem(
        "50 000 x 768, 100 classes, 45 Cs",
        DeviceEmbeddings(50_000, 768, 100),
        tuple(np.logspace(-6, 5, 45).tolist()),
    ),
    "probes": DeviceProblem(
        "100 000 x 4096, 10 000 binary probes", DeviceEmbeddings(100_000, 4096, targets=10_000)
    ),
    "middle": DeviceProblem("50 000 x 768, float32", DeviceEmbeddings(50_000, 768)),
    "hundred": DeviceProblem(
        "200 000 x 768, 100 classes, float32", DeviceEmbeddings(200_000, 768, 100)
    ),
    "small": DeviceProblem("1000 x 64", DeviceEmbeddings(1000, 64)),
    "small-softmax": DeviceProblem("2000 x 64, 10 classes", DeviceEmbeddings(2000, 64, 10)),
}

"""torchvision, which other packages import, beside any build of torch."""

import torch


def import_torchvision():
    """The torchvision package, also beside a torch build that it was not made for.

    PyPI's torchvision registers fake kernels for two operators that a CPU-only torch does not
    have; declaring their schemas lets it import, but not call them.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

    return torchvision
